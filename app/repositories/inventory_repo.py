"""inventory: what characters hold. Clustered by character; whoever writes has locked the character."""

from sqlalchemy import Row

from app.rules.character_rules import InventoryItem
from app.transaction import Transaction

_COLUMNS = "i.id, i.character_id, i.item_template_id, t.name, i.quantity, i.slot, i.durability"


def insert(
    tx: Transaction,
    *,
    character_id: int,
    item_template_id: str,
    quantity: int,
    durability: int | None,
    slot: str | None = None,
    inventory_id: int | None = None,
) -> int:
    """A new stack; returns its id, which the database makes unless it is given."""
    result = tx.execute(
        """
        INSERT INTO inventory (character_id, id, item_template_id, quantity, slot, durability, created_at)
        VALUES (:character_id, :inventory_id, :item_template_id, :quantity, :slot, :durability, :now)
        """,
        {
            "character_id": character_id,
            "inventory_id": inventory_id,
            "item_template_id": item_template_id,
            "quantity": quantity,
            "slot": slot,
            "durability": durability,
            "now": tx.now,
        },
    )
    return int(result.lastrowid)


def find(tx: Transaction, *, character_id: int, inventory_id: int) -> InventoryItem | None:
    """One stack of the character's."""
    row = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM inventory i
        JOIN item_templates t ON t.id = i.item_template_id
        WHERE i.character_id = :character_id
          AND i.id = :inventory_id
        """,
        {"character_id": character_id, "inventory_id": inventory_id},
    ).one_or_none()
    return _item(row) if row else None


def list_page(tx: Transaction, *, character_id: int, limit: int, offset: int) -> list[InventoryItem]:
    """A page of what the character holds, oldest first."""
    rows = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM inventory i
        JOIN item_templates t ON t.id = i.item_template_id
        WHERE i.character_id = :character_id
        ORDER BY i.id
        LIMIT :limit OFFSET :offset
        """,
        {"character_id": character_id, "limit": limit, "offset": offset},
    )
    return [_item(row) for row in rows]


def count(tx: Transaction, character_id: int) -> int:
    """How many stacks the character holds."""
    row = tx.execute(
        """
        SELECT COUNT(*) AS stacks
        FROM inventory
        WHERE character_id = :character_id
        """,
        {"character_id": character_id},
    ).one()
    return int(row.stacks)


def empty_slot(tx: Transaction, *, character_id: int, slot: str) -> None:
    """Take what stands in the slot, if anything does, back into the bag."""
    tx.execute(
        """
        UPDATE inventory
        SET slot = NULL
        WHERE character_id = :character_id
          AND slot = :slot
        """,
        {"character_id": character_id, "slot": slot},
    )


def set_slot(tx: Transaction, *, character_id: int, inventory_id: int, slot: str | None) -> None:
    """Put a stack into an empty slot, or (None) into the bag."""
    tx.execute(
        """
        UPDATE inventory
        SET slot = :slot
        WHERE character_id = :character_id
          AND id = :inventory_id
        """,
        {"character_id": character_id, "inventory_id": inventory_id, "slot": slot},
    )


def _item(row: Row[tuple[object, ...]]) -> InventoryItem:
    return InventoryItem(
        id=row.id,
        character_id=row.character_id,
        item_template_id=row.item_template_id,
        name=row.name,
        quantity=row.quantity,
        slot=row.slot,
        durability=row.durability,
    )
