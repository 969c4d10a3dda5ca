"""achievement_types and achievement_levels: the definitions; of a type the levels of its present version count."""

from app.rules.achievement_rules import Level
from app.transaction import Transaction


def find_next_level(tx: Transaction, *, code: str, above: int) -> Level | None:
    """The first level of a type in use with a threshold greater than `above`."""
    row = tx.execute(
        """
        SELECT l.tier, l.threshold, l.xp, l.soft_currency, l.points
        FROM achievement_types t
        JOIN achievement_levels l ON l.type_id = t.id AND l.version = t.version
        WHERE t.code = :code
          AND t.retired_at IS NULL
          AND l.threshold > :above
        ORDER BY l.threshold
        LIMIT 1
        """,
        {"code": code, "above": above},
    ).one_or_none()
    return Level(row.tier, row.threshold, row.xp, row.soft_currency, row.points) if row else None
