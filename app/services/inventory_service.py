"""What characters hold: list, equip, unequip (contract "System 3: characters and inventory")."""

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


@transaction("equip_item")
def equip_item(
    tx: Transaction, character_id: int, *, owner_id: int | None, inventory_id: int, slot: str
) -> InventoryItem:
    """Put an item into a slot; what stood there goes back into the bag.

    Raises CharacterNotFound, ItemNotFound, InvalidRequest for a slot beyond the belt.
    """
    most = current_config().COMBAT_BELT_SLOTS
    if slot.startswith("belt") and slot not in {f"belt_{number}" for number in range(1, most + 1)}:
        raise InvalidRequest({"slot": f"belt_1 to belt_{most} required"})
    character_service.lock_character(tx, character_id, owner_id=owner_id)
    item = get_item(tx, character_id=character_id, inventory_id=inventory_id)
    if item.slot != slot:
        inventory_repo.empty_slot(tx, character_id=character_id, slot=slot)
        inventory_repo.set_slot(tx, character_id=character_id, inventory_id=inventory_id, slot=slot)
    return get_item(tx, character_id=character_id, inventory_id=inventory_id)


@transaction("unequip_item")
def unequip_item(tx: Transaction, character_id: int, *, owner_id: int | None, inventory_id: int) -> InventoryItem:
    """Take an item out of its slot; one that stands in none stays as it is. Raises CharacterNotFound, ItemNotFound."""
    character_service.lock_character(tx, character_id, owner_id=owner_id)
    get_item(tx, character_id=character_id, inventory_id=inventory_id)
    inventory_repo.set_slot(tx, character_id=character_id, inventory_id=inventory_id, slot=None)
    return get_item(tx, character_id=character_id, inventory_id=inventory_id)


def get_item(tx: Transaction, *, character_id: int, inventory_id: int) -> InventoryItem:
    """A stack of the character's. Raises ItemNotFound."""
    item = inventory_repo.find(tx, character_id=character_id, inventory_id=inventory_id)
    if item is None:
        raise ItemNotFound(inventory_id=inventory_id)
    return item
