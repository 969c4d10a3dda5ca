"""dead_letters: events that failed for good, until an admin replays them."""

import json

from sqlalchemy import Row

from app.canonical_json import canonical_json
from app.clock import from_column, from_nullable_column
from app.rules.outbox_rules import DeadLetter, OutboxEvent
from app.transaction import Transaction

MAX_REASON = 1000

_COLUMNS = """
               id, event_id, event_type, event_key, payload_json, created_at, attempts, reason, dead_at, replayed_at"""


def insert(tx: Transaction, event: OutboxEvent, *, attempts: int, reason: str) -> None:
    """Bury an event with the reason of its last failure."""
    tx.execute(
        """
        INSERT INTO dead_letters
               (outbox_id, event_id, event_type, event_key, payload_json, created_at, attempts, reason, dead_at)
        VALUES (:outbox_id, :event_id, :event_type, :event_key, :payload, :created_at, :attempts, :reason, :now)
        """,
        {
            "outbox_id": event.id,
            "event_id": event.event_id,
            "event_type": event.event_type,
            "event_key": event.event_key,
            "payload": canonical_json(event.payload),
            "created_at": event.created_at,
            "attempts": attempts,
            "reason": reason[:MAX_REASON],
            "now": tx.now,
        },
    )


def list_waiting(tx: Transaction, *, before_id: int, limit: int) -> list[DeadLetter]:
    """Dead letters that were not replayed, with an id below `before_id`, newest first."""
    rows = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM dead_letters
        WHERE replayed_at IS NULL
          AND id < :before_id
        ORDER BY id DESC
        LIMIT :limit
        """,
        {"before_id": before_id, "limit": limit},
    )
    return [_dead_letter(row) for row in rows]


def lock(tx: Transaction, dead_letter_id: int) -> DeadLetter | None:
    """Lock one dead letter."""
    row = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM dead_letters
        WHERE id = :id
        FOR UPDATE
        """,
        {"id": dead_letter_id},
    ).one_or_none()
    return _dead_letter(row) if row else None


def mark_replayed(tx: Transaction, dead_letter_id: int) -> None:
    """Note that the event stands in the outbox again."""
    tx.execute(
        """
        UPDATE dead_letters
        SET replayed_at = :now
        WHERE id = :id
        """,
        {"id": dead_letter_id, "now": tx.now},
    )


def _dead_letter(row: Row[tuple[object, ...]]) -> DeadLetter:
    return DeadLetter(
        id=row.id,
        event_id=row.event_id,
        event_type=row.event_type,
        event_key=row.event_key,
        payload=json.loads(row.payload_json),
        created_at=from_column(row.created_at),
        attempts=row.attempts,
        reason=row.reason,
        dead_at=from_column(row.dead_at),
        replayed_at=from_nullable_column(row.replayed_at),
    )
