"""Events that clients tell: taken at once, counted afterwards (contract, "System 2")."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.errors import InvalidRequest, UserNotFound
from app.repositories import event_counter_repo, event_type_repo, events_repo, outbox_repo, user_repo
from app.rules.achievement_rules import increments_of_events
from app.rules.event_rules import GameEvent, count_events
from app.rules.outbox_rules import OutboxEvent
from app.services import achievement_service, idempotency_service
from app.transaction import Transaction, transaction

EVENT_RECORDED = "event.recorded"


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event that was taken; `replayed` if an earlier request with the same Idempotency-Key told it."""

    id: int
    user_id: int
    event_type: str
    details: dict[str, object] | None
    created_at: datetime
    replayed: bool = False


@transaction("record_event", batch=True)
def record_event(
    tx: Transaction,
    *,
    user_id: int,
    event_type: str,
    details: dict[str, object] | None,
    told_by: int,
    door: str,
    idempotency_key: str | None,
    type_field: str = "event_type",
) -> RecordedEvent:
    """Write the event and announce it; counters, points and achievements follow after the commit.

    `door` is the endpoint that `told_by` used, as in `POST /api/v1/event/`, `type_field` its name of the type. Raises
    InvalidRequest for a type that is not in use, UserNotFound, and IdempotencyKeyReused for the same key with another
    event.
    """
    body = {"user_id": user_id, "event_type": event_type, "details": details}
    request = idempotency_service.keyed_request(told_by, door, idempotency_key, body)
    first = idempotency_service.claim(tx, request)
    if first is not None:
        created_at = datetime.fromisoformat(first["created_at"])
        return RecordedEvent(first["id"], user_id, event_type, details, created_at, replayed=True)
    event_id = events_repo.insert_client_event(tx, user_id=user_id, event_type=event_type, details=details)
    if event_id is None:
        known = event_type_repo.find(tx, event_type)
        if known is None or known.retired:
            raise InvalidRequest({type_field: "an event type in use required"})
        raise UserNotFound(user=user_id)
    idempotency_service.remember(tx, request, {"id": event_id, "created_at": tx.now.isoformat()})
    tx.batch(
        [outbox_repo.insert(event_type=EVENT_RECORDED, key=str(user_id), payload={"event_id": event_id}, now=tx.now)]
    )
    return RecordedEvent(event_id, user_id, event_type, details, tx.now)


def count_recorded(tx: Transaction, announced: Sequence[OutboxEvent]) -> None:
    """Count recorded events of many users at once: counters, points, metrics, achievements, notices."""
    events = events_repo.list_counted(tx, [(event.event_key, event.payload["event_id"]) for event in announced])
    if not events:
        return
    counts = count_events(events)
    points: dict[int, int] = {}
    for count in counts:
        points[count.user_id] = points.get(count.user_id, 0) + count.points
    # Locks the users' progress first, as everything does that writes what is theirs.
    achievement_service.increment_progress(tx, increments=increments_of_events(events), event_points=points)
    event_counter_repo.add(tx, counts)


@transaction("list_events")
def list_events(tx: Transaction, *, user_id: int, before_id: int, limit: int) -> list[GameEvent]:
    """Up to `limit` of the user's events with an id below `before_id`, newest first. Raises UserNotFound."""
    events = events_repo.list_of_user(tx, user_id=user_id, before_id=before_id, limit=limit)
    if not events and not user_repo.exists(tx, user_id):
        raise UserNotFound(user=user_id)
    return events
