"""/api/v1/characters: characters and what they hold (contract, "System 3")."""

from flask import Blueprint, Response

from app.controllers import character_controller
from app.errors import CharacterBusy, CharacterNotFound, ItemNotFound, UserNotFound
from app.middleware.auth_jwt import auth_required
from app.middleware.declare import answers
from app.middleware.idempotency_key import accept_idempotency_key
from app.middleware.validate import validate, validate_query
from app.schemas.character import CharacterView, CreateCharacter, EquipItem, InventoryRow, UnequipItem
from app.schemas.combat import CombatsQuery, CombatView
from app.schemas.page import HistoryPage, ListQuery, OffsetPage

character_bp = Blueprint("character", __name__, url_prefix="/api/v1/characters")


@character_bp.post("")
@answers(201, CharacterView, errors=[UserNotFound], replayable=True)
@auth_required(roles=["player"])
@accept_idempotency_key
@validate(CreateCharacter)
def create_character(body: CreateCharacter) -> Response:
    return character_controller.create_character(body)


@character_bp.get("")
@answers(200, OffsetPage[CharacterView])
@auth_required(roles=["player"])
@validate_query(ListQuery)
def list_characters(query: ListQuery) -> Response:
    return character_controller.list_characters(query)


@character_bp.get("/<id:character_id>")
@answers(200, CharacterView, errors=[CharacterNotFound])
@auth_required(roles=["player", "support", "system"])
def get_character(character_id: int) -> Response:
    return character_controller.get_character(character_id)


@character_bp.get("/<id:character_id>/inventory")
@answers(200, OffsetPage[InventoryRow], errors=[CharacterNotFound])
@auth_required(roles=["player", "support", "system"])
@validate_query(ListQuery)
def list_inventory(query: ListQuery, character_id: int) -> Response:
    return character_controller.list_inventory(query, character_id)


@character_bp.get("/<id:character_id>/combats")
@answers(200, HistoryPage[CombatView], errors=[CharacterNotFound])
@auth_required(roles=["player", "support", "system"])
@validate_query(CombatsQuery)
def list_combats(query: CombatsQuery, character_id: int) -> Response:
    return character_controller.list_combats(query, character_id)


@character_bp.post("/<id:character_id>/equip")
@answers(200, InventoryRow, errors=[CharacterNotFound, ItemNotFound, CharacterBusy])
@auth_required(roles=["player", "system"])
@validate(EquipItem)
def equip_item(body: EquipItem, character_id: int) -> Response:
    return character_controller.equip_item(body, character_id)


@character_bp.post("/<id:character_id>/unequip")
@answers(200, InventoryRow, errors=[CharacterNotFound, ItemNotFound, CharacterBusy])
@auth_required(roles=["player", "system"])
@validate(UnequipItem)
def unequip_item(body: UnequipItem, character_id: int) -> Response:
    return character_controller.unequip_item(body, character_id)
