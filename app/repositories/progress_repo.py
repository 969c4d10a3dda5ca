"""player_progress: xp, level and currency of a player; always the sum of his reward_ledger."""

from app.clock import from_column
from app.rules.progress_rules import Progress
from app.transaction import Transaction


def insert(tx: Transaction, user_id: int) -> None:
    """Give a new user his row: 0 xp, level 1, no currency."""
    tx.execute(
        """
        INSERT INTO player_progress (user_id, xp, level, soft_currency, updated_at)
        VALUES (:user_id, 0, 1, 0, :now)
        """,
        {"user_id": user_id, "now": tx.now},
    )


def find(tx: Transaction, user_id: int) -> Progress | None:
    """The player's progress, unlocked."""
    row = tx.execute(
        """
        SELECT user_id, xp, level, soft_currency, updated_at
        FROM player_progress
        WHERE user_id = :user_id
        """,
        {"user_id": user_id},
    ).one_or_none()
    if row is None:
        return None
    return Progress(row.user_id, row.xp, row.level, row.soft_currency, from_column(row.updated_at))
