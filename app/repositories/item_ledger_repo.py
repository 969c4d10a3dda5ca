"""item_ledger: every movement of items; what a character holds is its sum."""

import json
from collections.abc import Collection

from app.rules.settlement_rules import Movement
from app.transaction import Transaction


def insert_grant(
    tx: Transaction, *, character_id: int, item_template_id: str, quantity: int, inventory_id: int
) -> None:
    """Items given by staff, as the new stack `inventory_id`."""
    tx.execute(
        """
        INSERT INTO item_ledger (character_id, item_template_id, quantity, source, source_id, created_at)
        VALUES (:character_id, :item_template_id, :quantity, 'granted', :inventory_id, :now)
        """,
        {
            "character_id": character_id,
            "item_template_id": item_template_id,
            "quantity": quantity,
            "inventory_id": inventory_id,
            "now": tx.now,
        },
    )


def insert_movements(tx: Transaction, movements: Collection[Movement]) -> None:
    """What fights used up and won."""
    tx.execute(
        """
        INSERT INTO item_ledger (character_id, item_template_id, quantity, source, source_id, created_at)
        SELECT m.character_id, m.item_template_id, m.quantity, m.source, m.combat_id, :now
        FROM JSON_TABLE(:movements, '$[*]' COLUMNS (
            character_id BIGINT PATH '$[0]', item_template_id VARCHAR(64) PATH '$[1]', quantity INT PATH '$[2]',
            source VARCHAR(16) PATH '$[3]', combat_id BIGINT PATH '$[4]'
        )) AS m
        """,
        {
            "movements": json.dumps(
                [
                    [
                        movement.character_id,
                        movement.item_template_id,
                        movement.quantity,
                        movement.source,
                        movement.combat_id,
                    ]
                    for movement in movements
                ]
            ),
            "now": tx.now,
        },
    )
