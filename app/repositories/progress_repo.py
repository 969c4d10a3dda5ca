"""player_progress: xp, level and currency of a player; always the sum of his reward_ledger."""

import json
from collections.abc import Sequence

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


def lock_many(tx: Transaction, users: Sequence[int]) -> list[Progress]:
    """Lock the progress of users, given in the order of their ids; who has none is left out.

    The table function stands in a subquery, because MySQL would lock it too (error 3569).
    """
    rows = tx.execute(
        """
        SELECT STRAIGHT_JOIN p.user_id, p.xp, p.level, p.soft_currency, p.updated_at
        FROM (
            SELECT j.user_id
            FROM JSON_TABLE(:users, '$[*]' COLUMNS (user_id BIGINT PATH '$')) AS j
        ) AS u
        JOIN player_progress p FORCE INDEX (PRIMARY) ON p.user_id = u.user_id
        FOR UPDATE
        """,
        {"users": json.dumps(users)},
    )
    return [Progress(row.user_id, row.xp, row.level, row.soft_currency, from_column(row.updated_at)) for row in rows]


def add_to_many(tx: Transaction, rewards: Sequence[tuple[int, int, int, int]]) -> None:
    """Add (user id, xp, soft currency, level that the new xp makes) to locked rows; no level falls."""
    tx.execute(
        """
        UPDATE JSON_TABLE(:rewards, '$[*]' COLUMNS (
            user_id BIGINT PATH '$[0]',
            xp BIGINT PATH '$[1]',
            soft_currency BIGINT PATH '$[2]',
            level INT PATH '$[3]'
        )) AS r
        STRAIGHT_JOIN player_progress p FORCE INDEX (PRIMARY) ON p.user_id = r.user_id
        SET p.xp = p.xp + r.xp,
            p.soft_currency = p.soft_currency + r.soft_currency,
            p.level = GREATEST(p.level, r.level),
            p.updated_at = :now
        """,
        {"rewards": json.dumps(rewards), "now": tx.now},
    )
