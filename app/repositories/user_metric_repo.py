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


def count_of_metric(tx: Transaction, metric: str) -> int:
    """How many users have the metric at all."""
    row = tx.execute(
        """
        SELECT COUNT(*) AS users
        FROM user_metrics FORCE INDEX (ix_user_metrics_metric)
        WHERE metric = :metric
        """,
        {"metric": metric},
    ).one()
    return int(row.users)


def last_user_of_page(tx: Transaction, metric: str, *, after_id: int, users: int) -> tuple[int | None, int]:
    """Of the next `users` users that have the metric: the last id and how many there are."""
    row = tx.execute(
        """
        SELECT MAX(page.user_id) AS last_id, COUNT(*) AS users
        FROM (
            SELECT user_id
            FROM user_metrics FORCE INDEX (ix_user_metrics_metric)
            WHERE metric = :metric
              AND user_id > :after_id
            ORDER BY user_id
            LIMIT :users
        ) AS page
        """,
        {"metric": metric, "after_id": after_id, "users": users},
    ).one()
    return row.last_id, int(row.users)
