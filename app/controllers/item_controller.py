"""Staff's doors to items."""

from typing import Any

from flask import Response, g

from app.controllers.character_controller import inventory_row
from app.controllers.envelope import list_page, success
from app.rules.character_rules import ItemTemplate
from app.schemas.item import CreateItemTemplate, GrantItem
from app.schemas.page import ListQuery
from app.services import item_service


def create_item_template(body: CreateItemTemplate) -> Response:
    """201 with the template."""
    template = body.as_template()
    created = item_service.create_item_template(template)
    return success(_template(template), 201, replayed=not created)


def list_item_templates(query: ListQuery) -> Response:
    """200 with a page of all templates."""
    templates, total = item_service.list_item_templates(limit=query.limit, offset=query.offset)
    return list_page([_template(template) for template in templates], total, query)


def grant_item(body: GrantItem, character_id: int) -> Response:
    """201 with the new inventory row."""
    item, replayed = item_service.grant_item(
        character_id,
        item_template_id=body.item_template_id,
        quantity=body.quantity,
        actor_id=g.user.id,
        request_id=g.request_id,
        idempotency_key=g.idempotency_key,
    )
    return success(inventory_row(item), 201, replayed=replayed)


def _template(template: ItemTemplate) -> dict[str, Any]:
    return {
        "id": template.id,
        "name": template.name,
        "max_stack": template.max_stack,
        "max_durability": template.max_durability,
    }
