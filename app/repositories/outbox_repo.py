"""outbox: what must happen after the commit, written in the transaction that makes it true."""

from uuid_utils.compat import uuid7

from app.canonical_json import canonical_json
from app.rules.outbox_rules import shard_of
from app.transaction import Transaction


def insert(tx: Transaction, *, event_type: str, key: str, payload: dict[str, object]) -> None:
    """Announce an event; events of one `key` are handled in order. `payload` holds keys, not copies."""
    tx.execute(
        """
        INSERT INTO outbox (event_id, shard, event_type, event_key, payload_json, created_at)
        VALUES (:event_id, :shard, :event_type, :event_key, :payload, :now)
        """,
        {
            "event_id": uuid7().bytes,
            "shard": shard_of(key),
            "event_type": event_type,
            "event_key": key,
            "payload": canonical_json(payload),
            "now": tx.now,
        },
    )
