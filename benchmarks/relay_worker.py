"""The Celery application of the relay's benchmark: the real one, with an effect that writes a row for every event."""

import json
from collections.abc import Sequence

from app.rules.outbox_rules import OutboxEvent
from app.transaction import Transaction
from app.workers.celery_app import celery_app
from app.workers.handlers import HANDLERS

EVENT_TYPE = "bench.event"


def insert_effects(tx: Transaction, events: Sequence[OutboxEvent]) -> None:
    """All events of the run in one statement."""
    tx.execute(
        """
        INSERT INTO bench_effects (event_key, number)
        SELECT event_key, number
        FROM JSON_TABLE(:events, '$[*]' COLUMNS (event_key VARCHAR(64) PATH '$[0]', number BIGINT PATH '$[1]')) AS e
        """,
        {"events": json.dumps([[event.event_key, event.payload["number"]] for event in events])},
    )


HANDLERS[EVENT_TYPE] = insert_effects
app = celery_app
