"""game_events: what happened to a player, clustered by player, `PRIMARY KEY (user_id, id)`."""

import json
from collections.abc import Sequence
from datetime import datetime

from app.canonical_json import canonical_json
from app.clock import from_column
from app.rules.event_rules import CountedEvent, GameEvent
from app.transaction import Statement, Transaction


def insert_game_event(*, user_id: int, event_type: str, payload: dict[str, object], now: datetime) -> Statement:
    """Write one event; it belongs to no play session."""
    return Statement(
        """
        INSERT INTO game_events (user_id, session_id, event_type, payload_json, created_at)
        VALUES (:user_id, NULL, :event_type, :payload, :now)
        """,
        {"user_id": user_id, "event_type": event_type, "payload": canonical_json(payload), "now": now},
    )


def insert_client_event(
    tx: Transaction, *, user_id: int, event_type: str, details: dict[str, object] | None
) -> int | None:
    """Write an event that a client tells, worth what its type is worth now; returns its id.

    None, and nothing is written, if there is no such type in use or no such player.
    """
    result = tx.execute(
        """
        INSERT INTO game_events (user_id, session_id, event_type, payload_json, points, created_at)
        SELECT p.user_id, NULL, t.code, :details, t.points, :now
        FROM event_types t
        JOIN player_progress p ON p.user_id = :user_id
        JOIN users u ON u.id = p.user_id AND u.status <> 'erased'
        WHERE t.code = :event_type
          AND t.retired_at IS NULL
        """,
        {
            "user_id": user_id,
            "event_type": event_type,
            "details": None if details is None else canonical_json(details),
            "now": tx.now,
        },
    )
    return int(result.lastrowid) if result.rowcount else None


def list_of_user(tx: Transaction, *, user_id: int, before_id: int, limit: int) -> list[GameEvent]:
    """The user's events with an id below `before_id`, newest first."""
    rows = tx.execute(
        """
        SELECT e.id, e.user_id, e.event_type, e.payload_json, e.points, e.created_at
        FROM game_events e
        WHERE e.user_id = :user_id
          AND e.id < :before_id
        ORDER BY e.id DESC
        LIMIT :limit
        """,
        {"user_id": user_id, "before_id": before_id, "limit": limit},
    )
    return [
        GameEvent(
            id=row.id,
            user_id=row.user_id,
            event_type=row.event_type,
            details=None if row.payload_json is None else json.loads(row.payload_json),
            points=row.points,
            created_at=from_column(row.created_at),
        )
        for row in rows
    ]


def list_counted(tx: Transaction, keys: Sequence[tuple[str, object]]) -> list[CountedEvent]:
    """The clients' events with these (user id, event id), with the metric that each raises."""
    rows = tx.execute(
        """
        SELECT STRAIGHT_JOIN e.user_id, e.event_type, e.points, t.metric
        FROM JSON_TABLE(:keys, '$[*]' COLUMNS (user_id BIGINT PATH '$[0]', id BIGINT PATH '$[1]')) AS k
        JOIN game_events e FORCE INDEX (PRIMARY) ON e.user_id = k.user_id AND e.id = k.id
        JOIN event_types t ON t.code = e.event_type
        WHERE e.points IS NOT NULL
        """,
        {"keys": json.dumps(keys)},
    )
    return [CountedEvent(row.user_id, row.event_type, row.points, row.metric) for row in rows]


def last_of_page(tx: Transaction, *, user_id: int, after_id: int, limit: int) -> tuple[int, int]:
    """The id of the last of the user's next `limit` events and how many they are; `after_id` behind the last."""
    row = tx.execute(
        """
        SELECT COALESCE(MAX(page.id), :after_id) AS last_id, COUNT(*) AS seen
        FROM (
            SELECT id
            FROM game_events
            WHERE user_id = :user_id
              AND id > :after_id
            ORDER BY id
            LIMIT :limit
        ) AS page
        """,
        {"user_id": user_id, "after_id": after_id, "limit": limit},
    ).one()
    return int(row.last_id), int(row.seen)


def forget_details(tx: Transaction, *, user_id: int, after_id: int, last_id: int) -> None:
    """Forget what the user's client told with events of these ids; what they counted for stays."""
    tx.execute(
        """
        UPDATE game_events
        SET payload_json = NULL
        WHERE user_id = :user_id
          AND id > :after_id
          AND id <= :last_id
          AND points IS NOT NULL
        """,
        {"user_id": user_id, "after_id": after_id, "last_id": last_id},
    )
