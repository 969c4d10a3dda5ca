"""user_metrics: how far a user has come in each metric; only written under the lock of his progress."""

import json
from collections.abc import Sequence

from app.rules.achievement_rules import Increment, MetricValue
from app.transaction import Transaction


def add(tx: Transaction, increments: Sequence[Increment]) -> None:
    """Raise metrics, one increment per user and metric: totals by their deltas, the best to a greater value."""
    tx.execute(
        """
        INSERT INTO user_metrics (user_id, metric, total, best)
        SELECT i.user_id, i.metric, i.delta, i.value
        FROM JSON_TABLE(:increments, '$[*]' COLUMNS (
            user_id BIGINT PATH '$[0]',
            metric VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$[1]',
            delta BIGINT PATH '$[2]',
            value BIGINT PATH '$[3]'
        )) AS i
        ON DUPLICATE KEY UPDATE
               total = user_metrics.total + VALUES(total),
               best = GREATEST(user_metrics.best, VALUES(best))
        """,
        {"increments": json.dumps([[i.user_id, i.metric, i.delta, i.value] for i in increments])},
    )


def correct(tx: Transaction, corrections: Sequence[Increment]) -> None:
    """Change totals by their deltas, which may be negative, and set the best to `value`, which may be less."""
    tx.execute(
        """
        INSERT INTO user_metrics (user_id, metric, total, best)
        SELECT c.user_id, c.metric, c.delta, c.value
        FROM JSON_TABLE(:corrections, '$[*]' COLUMNS (
            user_id BIGINT PATH '$[0]',
            metric VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$[1]',
            delta BIGINT PATH '$[2]',
            value BIGINT PATH '$[3]'
        )) AS c
        ON DUPLICATE KEY UPDATE
               total = user_metrics.total + VALUES(total),
               best = VALUES(best)
        """,
        {"corrections": json.dumps([[c.user_id, c.metric, c.delta, c.value] for c in corrections])},
    )


def list_of_user(tx: Transaction, user_id: int) -> dict[str, MetricValue]:
    """The user's metrics by name."""
    rows = tx.execute(
        """
        SELECT metric, total, best
        FROM user_metrics
        WHERE user_id = :user_id
        """,
        {"user_id": user_id},
    )
    return {row.metric: MetricValue(row.total, row.best) for row in rows}
