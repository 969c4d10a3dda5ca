"""user_metrics: how far a user has come in each metric; only written under the lock of his progress."""

import json
from collections.abc import Sequence

from app.rules.achievement_rules import Increment
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
