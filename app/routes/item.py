"""/api/v1/admin: what kinds of items there are, and who is given some (contract, "System 3")."""

from flask import Blueprint, Response

from app.controllers import item_controller
from app.errors import CharacterNotFound, Conflict, ItemTemplateNotFound
from app.middleware.auth_jwt import auth_required
from app.middleware.declare import answers
from app.middleware.idempotency_key import accept_idempotency_key
from app.middleware.validate import validate, validate_query
from app.schemas.character import InventoryRow
from app.schemas.item import CreateItemTemplate, GrantItem, ItemTemplateView
from app.schemas.page import ListQuery, OffsetPage

item_bp = Blueprint("item", __name__, url_prefix="/api/v1/admin")


@item_bp.post("/item-templates")
@answers(201, ItemTemplateView, errors=[Conflict], replayable=True)
@auth_required(roles=["admin"])
@validate(CreateItemTemplate)
def create_item_template(body: CreateItemTemplate) -> Response:
    return item_controller.create_item_template(body)


@item_bp.get("/item-templates")
@answers(200, OffsetPage[ItemTemplateView])
@auth_required(roles=["admin"])
@validate_query(ListQuery)
def list_item_templates(query: ListQuery) -> Response:
    return item_controller.list_item_templates(query)


@item_bp.post("/characters/<id:character_id>/items")
@answers(201, InventoryRow, errors=[CharacterNotFound, ItemTemplateNotFound], replayable=True)
@auth_required(roles=["admin"])
@accept_idempotency_key
@validate(GrantItem)
def grant_item(body: GrantItem, character_id: int) -> Response:
    return item_controller.grant_item(body, character_id)
