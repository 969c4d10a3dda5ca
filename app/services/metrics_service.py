"""Figures that nobody counts along the way: whoever looks at them asks the database and Redis."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

import structlog

from app.clients import redis_client
from app.errors import AppError, explain
from app.extensions import current_config
from app.repositories import token_family_repo
from app.services import combat_settlement_service, job_service, outbox_service
from app.transaction import Transaction, transaction

# Counting sessions reads an entry of an index for each, so a count is good for a while.
SESSIONS_SECONDS = 60.0

log = structlog.stdlib.get_logger("laurel.metrics")


@dataclass(frozen=True, slots=True)
class Reading:
    """A gauge and what it shows now."""

    name: str
    help: str
    value: float


def read_gauges() -> list[Reading]:
    """What can be known now; of a server that does not answer there is none, which is what an alert looks for."""
    return list(chain.from_iterable(_tried(read) for read in (_outbox, _settlements, _jobs, _sessions, _queue)))


def _tried(read: Callable[[], Iterator[Reading]]) -> list[Reading]:
    try:
        return list(read())
    except AppError as error:
        log.warning("figures_not_read", reason=explain(error))
        return []


def _outbox() -> Iterator[Reading]:
    figures = outbox_service.get_figures()
    yield Reading("laurel_outbox_pending", "Events that wait", figures.pending)
    yield Reading("laurel_outbox_lag_seconds", "Age of the oldest event that waits", figures.lag_seconds)
    yield Reading("laurel_dead_letters", "Dead letters that wait for an admin", figures.dead)


def _settlements() -> Iterator[Reading]:
    figures = combat_settlement_service.get_figures()
    yield Reading("laurel_combat_settlements_pending", "Fights that wait for their settlement", figures.pending)
    yield Reading(
        "laurel_combat_oldest_pending_seconds", "Age of the oldest fight that waits", figures.oldest_pending_seconds
    )
    yield Reading("laurel_combat_settlements_failed", "Fights that could not be settled", figures.failed)


def _jobs() -> Iterator[Reading]:
    figures = job_service.get_figures()
    yield Reading("laurel_jobs_failed", "Jobs that failed within the last day", figures.failed)
    yield Reading("laurel_job_wait_seconds", "How long the oldest job that is due waits", figures.wait_seconds)
    yield Reading("laurel_unswept_seconds", "How long a recurring job has rested at most", figures.unswept_seconds)


_sessions_counted: tuple[float, int] = (float("-inf"), 0)  # when, by the monotonic clock, and how many


def _sessions() -> Iterator[Reading]:
    global _sessions_counted
    if time.monotonic() - _sessions_counted[0] > SESSIONS_SECONDS:
        _sessions_counted = time.monotonic(), _count_sessions()
    yield Reading("laurel_active_sessions", "Signed in and neither expired nor revoked", _sessions_counted[1])


@transaction("count_sessions")
def _count_sessions(tx: Transaction) -> int:
    return token_family_repo.count_active(tx)


def _queue() -> Iterator[Reading]:
    url = current_config().REDIS_URL
    length = redis_client.queue_length(url) if url else None
    if length is not None:
        yield Reading("laurel_queue_depth", "Tasks that wait for a worker", length)
