"""user_event_counters: how many events of each type a user has, and their points; the sum of his game_events."""

import json
from collections.abc import Sequence

from app.rules.event_rules import EventCount
from app.transaction import Transaction


def add(tx: Transaction, counts: Sequence[EventCount]) -> None:
    """Add events to the counters of their users, whose progress this transaction has locked."""
    tx.execute(
        """
        INSERT INTO user_event_counters (user_id, event_type, events, points)
        SELECT c.user_id, c.event_type, c.events, c.points
        FROM JSON_TABLE(:counts, '$[*]' COLUMNS (
            user_id BIGINT PATH '$[0]',
            event_type VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$[1]',
            events BIGINT PATH '$[2]',
            points BIGINT PATH '$[3]'
        )) AS c
        ON DUPLICATE KEY UPDATE
               events = user_event_counters.events + VALUES(events),
               points = user_event_counters.points + VALUES(points)
        """,
        {"counts": json.dumps([[count.user_id, count.event_type, count.events, count.points] for count in counts])},
    )


def list_of_user(tx: Transaction, user_id: int) -> list[EventCount]:
    """The user's counters by type."""
    rows = tx.execute(
        """
        SELECT user_id, event_type, events, points
        FROM user_event_counters
        WHERE user_id = :user_id
        ORDER BY event_type
        """,
        {"user_id": user_id},
    )
    return [EventCount(row.user_id, row.event_type, row.events, row.points) for row in rows]
