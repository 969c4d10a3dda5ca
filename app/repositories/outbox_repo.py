"""outbox and outbox_shards: what must happen after the commit, written in the transaction that makes it true."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from uuid_utils.compat import uuid7

from app.canonical_json import canonical_json
from app.clock import from_column, from_nullable_column
from app.rules.outbox_rules import OutboxEvent, shard_of
from app.transaction import Statement, Transaction


@dataclass(frozen=True, slots=True)
class OutboxFigures:
    """`pending` events; `lag_seconds` is the age of the oldest of them; `dead` letters that wait for an admin."""

    pending: int
    lag_seconds: float
    dead: int


def insert(
    *, event_type: str, key: str, payload: dict[str, object], now: datetime, event_id: bytes | None = None
) -> Statement:
    """Announce an event; events of one `key` are handled in order. `payload` holds keys, not copies."""
    return Statement(
        """
        INSERT INTO outbox (event_id, shard, event_type, event_key, payload_json, created_at)
        VALUES (UNHEX(:event_id), :shard, :event_type, :event_key, :payload, :now)
        """,
        {
            "event_id": (event_id or uuid7().bytes).hex(),
            "shard": shard_of(key),
            "event_type": event_type,
            "event_key": key,
            "payload": canonical_json(payload),
            "now": now,
        },
    )


def lease_shards(tx: Transaction, *, token: bytes, leased_until: datetime, limit: int) -> list[int]:
    """Take the lease of up to `limit` free shards that have pending events; `token` proves it."""
    shards = [
        int(row.shard)
        for row in tx.execute(
            """
        SELECT s.shard
        FROM outbox_shards s
        WHERE s.leased_until <= :now
          AND EXISTS (
              SELECT 1
              FROM outbox o
              WHERE o.shard = s.shard
                AND o.done_at IS NULL
                AND (o.available_at IS NULL OR o.available_at <= :now)
          )
        ORDER BY s.leased_until
        LIMIT :limit
        FOR UPDATE SKIP LOCKED
        """,
            {"now": tx.now, "limit": limit},
        )
    ]
    if shards:
        tx.execute(
            """
        UPDATE outbox_shards s
        JOIN JSON_TABLE(:shards, '$[*]' COLUMNS (shard INT PATH '$')) AS taken ON taken.shard = s.shard
        SET s.lease_token = :token,
            s.leased_until = :leased_until
        """,
            {"shards": json.dumps(shards), "token": token, "leased_until": leased_until},
        )
    return shards


def lock_shard(tx: Transaction, *, shard: int, token: bytes) -> bool:
    """Lock the shard's row; False if the lease with this token is over or somebody else's."""
    row = tx.execute(
        """
        SELECT shard
        FROM outbox_shards
        WHERE shard = :shard
          AND lease_token = :token
        FOR UPDATE
        """,
        {"shard": shard, "token": token},
    ).one_or_none()
    return row is not None


def set_lease(tx: Transaction, *, shard: int, token: bytes | None, leased_until: datetime) -> None:
    """Prolong the lease of a locked shard, or end it (no token)."""
    tx.execute(
        """
        UPDATE outbox_shards
        SET lease_token = :token,
            leased_until = :leased_until
        WHERE shard = :shard
        """,
        {"shard": shard, "token": token, "leased_until": leased_until},
    )


def list_pending(tx: Transaction, *, shard: int, limit: int) -> list[OutboxEvent]:
    """The oldest pending events of a shard, in their order."""
    rows = tx.execute(
        """
        SELECT id, event_id, event_type, event_key, payload_json, created_at, attempts, available_at
        FROM outbox
        WHERE shard = :shard
          AND done_at IS NULL
        ORDER BY id
        LIMIT :limit
        """,
        {"shard": shard, "limit": limit},
    )
    return [
        OutboxEvent(
            id=row.id,
            event_id=row.event_id,
            event_type=row.event_type,
            event_key=row.event_key,
            payload=json.loads(row.payload_json),
            created_at=from_column(row.created_at),
            attempts=row.attempts,
            available_at=from_nullable_column(row.available_at),
        )
        for row in rows
    ]


def mark_done(tx: Transaction, events: Sequence[OutboxEvent]) -> None:
    """Finish events, in the transaction of their effect."""
    tx.execute(
        """
        UPDATE outbox o
        JOIN JSON_TABLE(:ids, '$[*]' COLUMNS (id BIGINT PATH '$')) AS applied ON applied.id = o.id
        SET o.done_at = :now
        """,
        {"ids": json.dumps([event.id for event in events]), "now": tx.now},
    )


def note_failure(tx: Transaction, event: OutboxEvent, *, available_at: datetime) -> None:
    """Count a failure of the event and let it wait."""
    tx.execute(
        """
        UPDATE outbox
        SET attempts = attempts + 1,
            available_at = :available_at
        WHERE id = :id
        """,
        {"id": event.id, "available_at": available_at},
    )


def delete_done(tx: Transaction, *, shard: int, before: datetime, limit: int) -> int:
    """Delete up to `limit` events of a shard that were done before that time; returns how many."""
    return tx.execute(
        """
        DELETE FROM outbox
        WHERE shard = :shard
          AND done_at < :before
        LIMIT :limit
        """,
        {"shard": shard, "before": before, "limit": limit},
    ).rowcount


def get_figures(tx: Transaction) -> OutboxFigures:
    """Size and lag of the outbox; reads the pending entries of one index, never the done rows."""
    row = tx.execute(
        """
        SELECT SUM(pending.events) AS events,
               MIN(pending.first_id) AS first_id,
               (SELECT COUNT(*) FROM dead_letters d WHERE d.replayed_at IS NULL) AS dead
        FROM (
            SELECT COUNT(*) AS events, MIN(o.id) AS first_id
            FROM outbox_shards s
            JOIN outbox o ON o.shard = s.shard AND o.done_at IS NULL
            GROUP BY s.shard
        ) AS pending
        """,
        {},
    ).one()
    oldest = tx.execute("SELECT created_at FROM outbox WHERE id = :id", {"id": row.first_id}).one_or_none()
    lag = (tx.now - from_column(oldest.created_at)).total_seconds() if oldest else 0.0
    return OutboxFigures(pending=int(row.events or 0), lag_seconds=max(lag, 0.0), dead=int(row.dead))
