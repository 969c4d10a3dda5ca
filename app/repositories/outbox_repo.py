"""outbox: what must happen after the commit, written in the transaction that makes it true."""

from datetime import datetime

from uuid_utils.compat import uuid7

from app.canonical_json import canonical_json
from app.rules.outbox_rules import shard_of
from app.transaction import Statement


def insert(*, event_type: str, key: str, payload: dict[str, object], now: datetime) -> Statement:
    """Announce an event; events of one `key` are handled in order. `payload` holds keys, not copies."""
    return Statement(
        """
        INSERT INTO outbox (event_id, shard, event_type, event_key, payload_json, created_at)
        VALUES (UNHEX(:event_id), :shard, :event_type, :event_key, :payload, :now)
        """,
        {
            "event_id": uuid7().hex,
            "shard": shard_of(key),
            "event_type": event_type,
            "event_key": key,
            "payload": canonical_json(payload),
            "now": now,
        },
    )
