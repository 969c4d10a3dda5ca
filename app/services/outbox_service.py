"""What follows a commit, exactly once: leases, batches, failures, dead letters (architecture, "Exactly once", 4).

MySQL holds the truth, whoever delivers only carries: a batch belongs to the lease under which its shard was handed out.
Its effect and its done marks are one transaction, which checks that lease first, so a batch that is delivered twice,
late, or to a worker that died meanwhile is applied once.

Outside MySQL there are two ways to go on. An outside effect runs before that transaction, on the very events that it
then marks done: at least once. A follower hears of events after the commit: at most once.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog
from prometheus_client import Counter
from uuid_utils.compat import uuid7

from app.errors import AppError, DeadLetterNotFound, ServiceUnavailable, explain
from app.extensions import current_config
from app.repositories import audit_repo, dead_letter_repo, outbox_repo
from app.repositories.outbox_repo import OutboxFigures
from app.rules.outbox_rules import DeadLetter, OutboxEvent, applicable, pause_after, runs
from app.transaction import Transaction, transaction

Handler = Callable[[Transaction, Sequence[OutboxEvent]], None]
OutsideEffect = Callable[[Sequence[OutboxEvent]], None]
Follower = Callable[[Sequence[OutboxEvent]], None]

MAX_SHARDS_AT_ONCE = 16
MAX_BATCHES_AT_ONCE = 20  # of one shard, before other shards have their turn

log = structlog.stdlib.get_logger("laurel.outbox")

events_applied_total = Counter("laurel_outbox_events_applied_total", "Events whose effect was committed")
events_failed_total = Counter("laurel_outbox_events_failed_total", "Failed attempts to apply an event", ["type"])


class UnknownEventType(Exception):
    """Nobody knows how to handle such an event."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to apply a batch of these shards, until it ends or is given to another."""

    shards: list[int]
    token: bytes


@transaction("lease_shards")
def lease_shards(tx: Transaction) -> Lease:
    """Take free shards that have events to apply; none if there are none."""
    token = uuid7().bytes
    leased_until = tx.now + timedelta(seconds=current_config().OUTBOX_LEASE_SECONDS)
    shards = outbox_repo.lease_shards(tx, token=token, leased_until=leased_until, limit=MAX_SHARDS_AT_ONCE)
    return Lease(shards, token)


@transaction("release_shard")
def release_shard(tx: Transaction, shard: int, token: bytes) -> None:
    """Give a lease back unused."""
    if outbox_repo.lock_shard(tx, shard=shard, token=token):
        outbox_repo.set_lease(tx, shard=shard, token=None, leased_until=tx.now)


def apply_shard(
    shard: int,
    token: bytes,
    handlers: Mapping[str, Handler],
    *,
    effects: Mapping[str, OutsideEffect] | None = None,
    followers: Mapping[str, Follower] | None = None,
) -> int:
    """Apply the shard's events under the lease, batch by batch; returns how many were applied.

    Outside effects run before the events are marked done, and again if that fails; followers hear of applied events
    after the commit, once or never: what they do must be made good by other means.

    A batch that fails is applied event by event: what fails then waits with growing pauses and holds back its own key
    only, and after OUTBOX_MAX_ATTEMPTS it is a dead letter. Raises ServiceUnavailable if the database is away.
    """
    applied = 0
    for _ in range(MAX_BATCHES_AT_ONCE):
        try:
            events = _apply_batch(shard, token, handlers, effects or {}, followers or {})
        except ServiceUnavailable:
            raise
        except Exception as error:
            log.warning("outbox_batch_failed", shard=shard, reason=explain(error))
            events = _apply_one_by_one(shard, token, handlers, effects or {})
        applied += len(events)
        _tell(events, followers or {})
        if len(events) < current_config().OUTBOX_BATCH_SIZE:
            break
    release_shard(shard, token)
    events_applied_total.inc(applied)
    return applied


def _apply_batch(
    shard: int,
    token: bytes,
    handlers: Mapping[str, Handler],
    effects: Mapping[str, OutsideEffect],
    followers: Mapping[str, Follower],
) -> Sequence[OutboxEvent]:
    if not effects:
        return _apply_events(shard, token, handlers, None, followed=followers)
    events = _list_applicable(shard, token)
    _take_effect(events, effects)
    return _apply_events(shard, token, handlers, {event.id for event in events}, followed=followers)


def _apply_one_by_one(
    shard: int, token: bytes, handlers: Mapping[str, Handler], effects: Mapping[str, OutsideEffect]
) -> Sequence[OutboxEvent]:
    """Find the event that spoils its batch."""
    applied: list[OutboxEvent] = []
    for _ in range(_batch_size()):
        events = _list_applicable(shard, token)
        if not events:
            break
        event = events[0]
        try:
            _take_effect([event], effects)
            applied += _apply_events(shard, token, handlers, {event.id}, followed=None)
        except ServiceUnavailable:
            raise
        except Exception as error:
            events_failed_total.labels(event.event_type).inc()
            _note_failure(event, shard, token, explain(error))
    return applied


@transaction("list_outbox_batch")
def _list_applicable(tx: Transaction, shard: int, token: bytes) -> Sequence[OutboxEvent]:
    if not outbox_repo.lock_shard(tx, shard=shard, token=token):
        return []
    return applicable(outbox_repo.list_pending(tx, shard=shard, limit=_batch_size()), tx.now)


@transaction("apply_outbox_batch")
def _apply_events(
    tx: Transaction,
    shard: int,
    token: bytes,
    handlers: Mapping[str, Handler],
    ids: Collection[int] | None,
    *,
    followed: Collection[str] | None,
) -> Sequence[OutboxEvent]:
    """Apply what is pending, of it only the events `ids` if given: a batch that came twice finds nothing.

    The last batch gives the lease back in the same transaction, which spares one of its own: if `followed` is given,
    and no event of a type in it, whose followers must hear of it before the next batch.
    """
    if not outbox_repo.lock_shard(tx, shard=shard, token=token):
        return []
    pending = outbox_repo.list_pending(tx, shard=shard, limit=_batch_size())
    events = applicable(pending, tx.now)
    if ids is not None:
        events = [event for event in events if event.id in ids]
    if not events:
        return []
    _handle(tx, events, handlers)
    outbox_repo.mark_done(tx, events)
    is_last = len(pending) < _batch_size()
    if is_last and followed is not None and not any(event.event_type in followed for event in events):
        outbox_repo.set_lease(tx, shard=shard, token=None, leased_until=tx.now)
    else:
        leased_until = tx.now + timedelta(seconds=current_config().OUTBOX_LEASE_SECONDS)
        outbox_repo.set_lease(tx, shard=shard, token=token, leased_until=leased_until)
    return events


@transaction("note_outbox_failure")
def _note_failure(tx: Transaction, event: OutboxEvent, shard: int, token: bytes, reason: str) -> None:
    if not outbox_repo.lock_shard(tx, shard=shard, token=token):
        return
    attempts = event.attempts + 1
    log.error("outbox_event_failed", event_id=event.event_id.hex(), attempts=attempts, reason=reason)
    if attempts < current_config().OUTBOX_MAX_ATTEMPTS:
        outbox_repo.note_failure(tx, event, available_at=tx.now + pause_after(attempts))
    else:
        dead_letter_repo.insert(tx, event, attempts=attempts, reason=reason)
        outbox_repo.mark_done(tx, [event])


def _handle(tx: Transaction, events: Sequence[OutboxEvent], handlers: Mapping[str, Handler]) -> None:
    """Hand runs of one type to their handler, in order; the handler works on all events of a run at once."""
    for run in runs(events):
        handler = handlers.get(run[0].event_type)
        if handler is None:
            raise UnknownEventType(run[0].event_type)
        handler(tx, run)


def _take_effect(events: Sequence[OutboxEvent], effects: Mapping[str, OutsideEffect]) -> None:
    """What follows outside MySQL, before the events are marked done; the events of one effect at once."""
    by_effect: dict[OutsideEffect, list[OutboxEvent]] = {}
    for event in events:
        effect = effects.get(event.event_type)
        if effect is not None:
            by_effect.setdefault(effect, []).append(event)
    for effect, its_events in by_effect.items():
        effect(its_events)


def _tell(events: Sequence[OutboxEvent], followers: Mapping[str, Follower]) -> None:
    """Let followers act on what is committed."""
    for run in runs(events):
        event_type = run[0].event_type
        if event_type in followers:
            try:
                followers[event_type](run)
            except AppError as error:
                log.warning("outbox_follower_failed", event_type=event_type, reason=explain(error))


@transaction("list_dead_letters")
def list_dead_letters(tx: Transaction, *, before_id: int, limit: int) -> list[DeadLetter]:
    """Up to `limit` dead letters that wait, with an id below `before_id`, newest first."""
    return dead_letter_repo.list_waiting(tx, before_id=before_id, limit=limit)


@transaction("replay_dead_letter", batch=True)
def replay_dead_letter(tx: Transaction, dead_letter_id: int, *, actor_id: int, request_id: str) -> DeadLetter:
    """Put the event back into the outbox, behind what its key has there; again changes nothing.

    Raises DeadLetterNotFound.
    """
    letter = dead_letter_repo.lock(tx, dead_letter_id)
    if letter is None:
        raise DeadLetterNotFound(dead_letter_id=dead_letter_id)
    if letter.replayed_at is not None:
        return letter
    dead_letter_repo.mark_replayed(tx, dead_letter_id)
    audit_repo.insert(
        tx,
        actor_id=actor_id,
        action="dead_letter.replay",
        subject_type="dead_letter",
        subject_id=dead_letter_id,
        details={"event_type": letter.event_type, "event_key": letter.event_key},
        request_id=request_id,
    )
    again = outbox_repo.insert(
        event_type=letter.event_type,
        key=letter.event_key,
        payload=letter.payload,
        now=tx.now,
        event_id=letter.event_id,
    )
    tx.batch([again])
    return replace(letter, replayed_at=tx.now)


@transaction("get_outbox_figures")
def get_figures(tx: Transaction) -> OutboxFigures:
    """Size, lag and dead letters."""
    return outbox_repo.get_figures(tx)


def _batch_size() -> int:
    return current_config().OUTBOX_BATCH_SIZE
