"""The doors of characters and what they hold."""

from typing import Any

from flask import Response, g

from app.controllers.envelope import history_page, iso_time, list_page, success
from app.rules.character_rules import Character, InventoryItem
from app.rules.combat_rules import FoughtCombat
from app.schemas.character import CreateCharacter, EquipItem, UnequipItem
from app.schemas.combat import CombatsQuery
from app.schemas.page import ListQuery
from app.services import character_service, inventory_service

READERS = frozenset({"support", "system"})
KEEPERS = frozenset({"system"})


def create_character(body: CreateCharacter) -> Response:
    """201 with the character."""
    character, replayed = character_service.create_character(
        user_id=g.user.id, name=body.name, idempotency_key=g.idempotency_key
    )
    return success(_character(character), 201, replayed=replayed)


def list_characters(query: ListQuery) -> Response:
    """200 with a page of the player's own characters."""
    characters, total = character_service.list_characters(user_id=g.user.id, limit=query.limit, offset=query.offset)
    return list_page([_character(character) for character in characters], total, query)


def get_character(character_id: int) -> Response:
    """200 with the character; staff see everybody's."""
    return success(_character(character_service.get_character(character_id, owner_id=_owner_unless(READERS))))


def list_inventory(query: ListQuery, character_id: int) -> Response:
    """200 with a page of what the character holds."""
    items, total = inventory_service.list_inventory(
        character_id, owner_id=_owner_unless(READERS), limit=query.limit, offset=query.offset
    )
    return list_page([inventory_row(item) for item in items], total, query)


def list_combats(query: CombatsQuery, character_id: int) -> Response:
    """200 with the character's finished fights, newest first."""
    combats = character_service.list_combats(
        character_id, owner_id=_owner_unless(READERS), before_id=query.before_id, limit=query.limit + 1
    )
    return history_page(combats, query, _combat)


def equip_item(body: EquipItem, character_id: int) -> Response:
    """200 with the inventory row in its slot."""
    item = inventory_service.equip_item(
        character_id, owner_id=_owner_unless(KEEPERS), inventory_id=body.inventory_id, slot=body.slot
    )
    return success(inventory_row(item))


def unequip_item(body: UnequipItem, character_id: int) -> Response:
    """200 with the inventory row, back in the bag."""
    item = inventory_service.unequip_item(character_id, owner_id=_owner_unless(KEEPERS), inventory_id=body.inventory_id)
    return success(inventory_row(item))


def inventory_row(item: InventoryItem) -> dict[str, Any]:
    """A stack as clients see it."""
    return {
        "inventory_id": item.id,
        "item_template_id": item.item_template_id,
        "name": item.name,
        "quantity": item.quantity,
        "is_equipped": item.is_equipped,
        "slot": item.slot,
        "durability": item.durability,
    }


def _owner_unless(staff: frozenset[str]) -> int | None:
    """Whose characters may be touched: the user's own, or (None) everybody's."""
    return None if g.user.has_any(staff) else g.user.id


def _character(character: Character) -> dict[str, Any]:
    return {
        "id": character.id,
        "user_id": character.user_id,
        "name": character.name,
        "hp": character.hp,
        "max_hp": character.max_hp,
        "energy": character.energy,
        "xp": character.xp,
        "gold": character.gold,
        "last_combat_session_id": character.last_combat_session_id,
    }


def _combat(combat: FoughtCombat) -> dict[str, Any]:
    return {
        "session_id": combat.session_id,
        "finished_at": iso_time(combat.finished_at),
        "winner_team": combat.winner_team,
        "finish_reason": combat.finish_reason,
        "is_winner": combat.is_winner,
        "xp_gained": combat.xp_gained,
        "gold_gained": combat.gold_gained,
        "settlement_status": combat.settlement_status,
    }
