"""The Celery application of the benchmark of fights: the real one, which also writes down when it settled what."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from app.rules.outbox_rules import OutboxEvent
from app.workers.celery_app import celery_app
from app.workers.handlers import FOLLOWERS
from benchmarks.combat import SETTLED_LOG

EVENT_TYPE = "combat.finished"
_follow = FOLLOWERS[EVENT_TYPE]


def note_settled(events: Sequence[OutboxEvent]) -> None:
    """The settlements are committed now."""
    now = time.time()
    lines = "".join(f"{event.payload['combat_id']} {now}\n" for event in events)
    with Path(os.environ[SETTLED_LOG]).open("a") as log:
        log.write(lines)
    _follow(events)


FOLLOWERS[EVENT_TYPE] = note_settled
app = celery_app
