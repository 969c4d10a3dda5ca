"""item_ledger: every movement of items; what a character holds is its sum."""

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
