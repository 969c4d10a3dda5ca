"""What characters hold: list, equip, unequip (contract "System 3: characters and inventory")."""

from dataclasses import replace

from app.errors import InvalidRequest, ItemNotFound
from app.extensions import current_config
from app.repositories import inventory_repo
from app.rules.character_rules import InventoryItem
from app.services import character_service
from app.transaction import Transaction, transaction


@transaction("list_inventory")
def list_inventory(
    tx: Transaction, character_id: int, *, owner_id: int | None, limit: int, offset: int
) -> tuple[list[InventoryItem], int]:
    """A page of what the character holds, oldest first, and how many stacks it has. Raises CharacterNotFound."""
    character_service.find_character(tx, character_id, owner_id=owner_id)
    items = inventory_repo.list_page(tx, character_id=character_id, limit=limit, offset=offset)
    return items, inventory_repo.count(tx, character_id)


def equip_item(character_id: int, *, owner_id: int | None, inventory_id: int, slot: str) -> InventoryItem:
    """Put an item into a slot; what stood there goes back into the bag.

    Raises CharacterNotFound, ItemNotFound, InvalidRequest for a slot beyond the belt, CharacterBusy in a fight.
    """
    most = current_config().COMBAT_BELT_SLOTS
    if slot.startswith("belt") and slot not in {f"belt_{number}" for number in range(1, most + 1)}:
        raise InvalidRequest({"slot": f"belt_1 to belt_{most} required"})
    session_id = character_service.get_free_character(character_id, owner_id=owner_id).session_id
    return _equip(character_id, session_id, inventory_id, slot)


def unequip_item(character_id: int, *, owner_id: int | None, inventory_id: int) -> InventoryItem:
    """Take an item out of its slot; one that stands in none stays as it is.

    Raises CharacterNotFound, ItemNotFound, CharacterBusy in a fight.
    """
    session_id = character_service.get_free_character(character_id, owner_id=owner_id).session_id
    return _unequip(character_id, session_id, inventory_id)


@transaction("equip_item")
def _equip(tx: Transaction, character_id: int, session_id: str | None, inventory_id: int, slot: str) -> InventoryItem:
    character_service.lock_free_character(tx, character_id, session_id)
    item = get_item(tx, character_id=character_id, inventory_id=inventory_id)
    if item.slot == slot:
        return item
    inventory_repo.empty_slot(tx, character_id=character_id, slot=slot)
    inventory_repo.set_slot(tx, character_id=character_id, inventory_id=inventory_id, slot=slot)
    return replace(item, slot=slot)


@transaction("unequip_item")
def _unequip(tx: Transaction, character_id: int, session_id: str | None, inventory_id: int) -> InventoryItem:
    character_service.lock_free_character(tx, character_id, session_id)
    item = get_item(tx, character_id=character_id, inventory_id=inventory_id)
    inventory_repo.set_slot(tx, character_id=character_id, inventory_id=inventory_id, slot=None)
    return replace(item, slot=None)


def get_item(tx: Transaction, *, character_id: int, inventory_id: int) -> InventoryItem:
    """A stack of the character's. Raises ItemNotFound."""
    item = inventory_repo.find(tx, character_id=character_id, inventory_id=inventory_id)
    if item is None:
        raise ItemNotFound(inventory_id=inventory_id)
    return item
