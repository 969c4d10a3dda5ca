"""An effect that can be counted: every event of a test is a row in `test_effects`, inserted by the handler.

`tests.support.effects_worker` is the Celery application with these handlers beside the real ones.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, text

from app.rules.outbox_rules import OutboxEvent
from app.services.outbox_service import Handler
from app.transaction import Transaction

TEST_EVENT, POISON_EVENT = "test.effect", "test.poison"

CREATE_TABLE = """
    CREATE TABLE IF NOT EXISTS test_effects (
        position BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
        event_key VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        number BIGINT NOT NULL,
        KEY (event_key, number)
    ) ENGINE = InnoDB
"""


class Poisoned(Exception):
    """What a bad event raises until it is mended."""


def insert_effects(tx: Transaction, events: Sequence[OutboxEvent]) -> None:
    for event in events:
        tx.execute(
            "INSERT INTO test_effects (event_key, number) VALUES (:event_key, :number)",
            {"event_key": event.event_key, "number": event.payload["number"]},
        )


def poison(_tx: Transaction, _events: Sequence[OutboxEvent]) -> None:
    raise Poisoned("this event cannot be applied")


def counting_matches(handler: Handler) -> Handler:
    """The real handler of `match.finished`, and a row for every match that it was given."""

    def handle(tx: Transaction, events: Sequence[OutboxEvent]) -> None:
        handler(tx, events)
        for event in events:
            tx.execute(
                "INSERT INTO test_effects (event_key, number) VALUES (:event_key, :number)",
                {"event_key": event.event_key, "number": event.payload["match_id"]},
            )

    return handle


TEST_HANDLERS = {TEST_EVENT: insert_effects, POISON_EVENT: poison}


def create_effects_table(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text(CREATE_TABLE))
        connection.execute(text("DELETE FROM test_effects"))


def effects(engine: Engine, key: str) -> list[int]:
    """The numbers applied for a key, in the order in which they were."""
    with engine.connect() as connection:
        rows: Any = connection.execute(
            text("SELECT number FROM test_effects WHERE event_key = :key ORDER BY position"), {"key": key}
        )
        return [int(row.number) for row in rows]
