"""inventory: what characters hold. Clustered by character; whoever writes has locked the character."""

import json
from collections.abc import Collection

from sqlalchemy import Row

from app.rules.character_rules import InventoryItem
from app.rules.settlement_rules import NewStack, StackChange
from app.transaction import Transaction


class StackMissing(Exception):
    """A stack is not as it was read: a fault, everything is rolled back."""


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


def list_equipped(tx: Transaction, character_ids: Collection[int]) -> list[InventoryItem]:
    """What stands in slots of these characters."""
    rows = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM JSON_TABLE(:ids, '$[*]' COLUMNS (id BIGINT PATH '$')) AS wanted
        STRAIGHT_JOIN inventory i FORCE INDEX (uq_inventory_slot)
             ON i.character_id = wanted.id AND i.slot > ''
        JOIN item_templates t ON t.id = i.item_template_id
        """,
        {"ids": json.dumps(sorted(character_ids))},
    )
    return [_item(row) for row in rows]


def list_with_room(tx: Transaction, wanted: Collection[tuple[int, str]]) -> list[InventoryItem]:
    """Of characters' templates: the stacks in the bag that can take more."""
    rows = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM JSON_TABLE(:wanted, '$[*]' COLUMNS (
            character_id BIGINT PATH '$[0]', item_template_id VARCHAR(64) PATH '$[1]'
        )) AS wanted
        STRAIGHT_JOIN item_templates t ON t.id = CONVERT(wanted.item_template_id USING ascii)
        STRAIGHT_JOIN inventory i FORCE INDEX (ix_inventory_stacks)
             ON i.character_id = wanted.character_id
            AND i.item_template_id = t.id
            AND i.slot IS NULL
            AND i.quantity < t.max_stack
        """,
        {"wanted": json.dumps(sorted(wanted))},
    )
    return [_item(row) for row in rows]


def change_stacks(tx: Transaction, changes: Collection[StackChange]) -> None:
    """Add to stacks and take from them; those that are used up are deleted.

    Raises StackMissing if one is not there or holds less: its character was not locked.
    """
    stacks = json.dumps(
        [[change.character_id, change.inventory_id, change.quantity, change.durability] for change in changes]
    )
    changed = tx.execute(
        """
        UPDATE inventory i
        JOIN JSON_TABLE(:stacks, '$[*]' COLUMNS (
            character_id BIGINT PATH '$[0]', id BIGINT PATH '$[1]', quantity INT PATH '$[2]', durability INT PATH '$[3]'
        )) AS changed ON changed.character_id = i.character_id AND changed.id = i.id
        SET i.quantity = i.quantity + changed.quantity,
            i.durability = changed.durability
        WHERE i.quantity + changed.quantity >= 0
        """,
        {"stacks": stacks},
    )
    if changed.rowcount != len(changes):
        raise StackMissing(f"{len(changes)} stacks to change, {changed.rowcount} there")
    tx.execute(
        """
        DELETE i
        FROM inventory i
        JOIN JSON_TABLE(:stacks, '$[*]' COLUMNS (
            character_id BIGINT PATH '$[0]', id BIGINT PATH '$[1]'
        )) AS changed ON changed.character_id = i.character_id AND changed.id = i.id
        WHERE i.quantity = 0
        """,
        {"stacks": stacks},
    )


def insert_stacks(tx: Transaction, stacks: Collection[NewStack]) -> None:
    """New stacks in bags."""
    tx.execute(
        """
        INSERT INTO inventory (character_id, item_template_id, quantity, durability, created_at)
        SELECT s.character_id, s.item_template_id, s.quantity, s.durability, :now
        FROM JSON_TABLE(:stacks, '$[*]' COLUMNS (
            character_id BIGINT PATH '$[0]', item_template_id VARCHAR(64) PATH '$[1]', quantity INT PATH '$[2]',
            durability INT PATH '$[3]'
        )) AS s
        """,
        {
            "stacks": json.dumps(
                [[stack.character_id, stack.item_template_id, stack.quantity, stack.durability] for stack in stacks]
            ),
            "now": tx.now,
        },
    )


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
