"""Characters and what they hold against their ledgers, for a range of users; as `verify_repo` does it."""

from app.repositories.verify_repo import Drift
from app.transaction import Transaction


def find_character_drift(tx: Transaction, *, after_id: int, last_id: int) -> list[Drift]:
    """xp and gold of characters against combat_ledger."""
    rows = tx.execute(
        """
        SELECT both_sides.user_id, both_sides.character_id, SUM(both_sides.xp) AS xp, SUM(both_sides.gold) AS gold
        FROM (
            SELECT c.user_id, c.id AS character_id, CAST(c.xp AS DECIMAL(30)) AS xp, CAST(c.gold AS DECIMAL(30)) AS gold
            FROM characters c
            WHERE c.user_id > :after_id AND c.user_id <= :last_id
            UNION ALL
            SELECT c.user_id, c.id, -CAST(l.xp AS DECIMAL(30)), -CAST(l.gold AS DECIMAL(30))
            FROM characters c
            JOIN combat_ledger l ON l.character_id = c.id
            WHERE c.user_id > :after_id AND c.user_id <= :last_id
        ) AS both_sides
        GROUP BY both_sides.user_id, both_sides.character_id
        HAVING SUM(both_sides.xp) <> 0 OR SUM(both_sides.gold) <> 0
        """,
        {"after_id": after_id, "last_id": last_id},
    )
    return [
        Drift(
            "characters",
            row.user_id,
            f"character {row.character_id}",
            {"xp": int(row.xp), "gold": int(row.gold)},
        )
        for row in rows
    ]


def find_inventory_drift(tx: Transaction, *, after_id: int, last_id: int) -> list[Drift]:
    """What characters hold against item_ledger."""
    rows = tx.execute(
        """
        SELECT both_sides.user_id, both_sides.character_id, both_sides.item_template_id,
               SUM(both_sides.quantity) AS quantity
        FROM (
            SELECT c.user_id, c.id AS character_id, i.item_template_id, i.quantity
            FROM characters c
            JOIN inventory i ON i.character_id = c.id
            WHERE c.user_id > :after_id AND c.user_id <= :last_id
            UNION ALL
            SELECT c.user_id, c.id, l.item_template_id, -l.quantity
            FROM characters c
            JOIN item_ledger l ON l.character_id = c.id
            WHERE c.user_id > :after_id AND c.user_id <= :last_id
        ) AS both_sides
        GROUP BY both_sides.user_id, both_sides.character_id, both_sides.item_template_id
        HAVING SUM(both_sides.quantity) <> 0
        """,
        {"after_id": after_id, "last_id": last_id},
    )
    return [
        Drift(
            "inventory",
            row.user_id,
            f"character {row.character_id} {row.item_template_id}",
            {"quantity": int(row.quantity)},
        )
        for row in rows
    ]
