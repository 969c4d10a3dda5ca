"""Event types: what clients may tell, what it is worth, which metric it raises (contract, "System 2")."""

from app.errors import Conflict, EventTypeNotFound, InvalidRequest
from app.repositories import audit_repo, event_type_repo
from app.rules.achievement_rules import BUILT_IN_METRICS
from app.rules.event_rules import MATCH_FINISH, EventType, metric_of
from app.transaction import Transaction, transaction


@transaction("list_event_types")
def list_types(tx: Transaction) -> list[EventType]:
    """Every event type, retired ones too, by code."""
    return event_type_repo.list_all(tx)


@transaction("get_event_type")
def get_type(tx: Transaction, code: str) -> EventType:
    """One event type. Raises EventTypeNotFound."""
    return _find_or_raise(tx, code)


@transaction("create_event_type")
def create_type(
    tx: Transaction, *, code: str, metric: str | None, points: int, actor_id: int, request_id: str
) -> EventType:
    """A new event type, which clients may tell from now on; without a metric it raises one of its own name.

    Raises EventTypeExists, and InvalidRequest for a code or a metric that something else owns.
    """
    metric = metric or metric_of(code)
    if code == MATCH_FINISH:
        raise InvalidRequest({"code": "match_finish is the settlement of a match"})
    if metric in BUILT_IN_METRICS:
        raise InvalidRequest({"metric": f"{metric} is not raised by events"})
    event_type_repo.insert(tx, code=code, metric=metric, points=points)
    return _audited(tx, code, "event_type.create", actor_id=actor_id, request_id=request_id)


@transaction("replace_event_type")
def replace_type(
    tx: Transaction,
    code: str,
    *,
    new_code: str | None,
    metric: str | None,
    points: int,
    actor_id: int,
    request_id: str,
) -> EventType:
    """Set what events are worth from now on; earlier ones keep their points. A retired type is in use again.

    Raises EventTypeNotFound, and Conflict for another code or metric: events that were told carry the present ones.
    """
    present = _find_or_raise(tx, code)
    if (new_code or code, metric or present.metric) != (code, present.metric):
        raise Conflict(reason=f"Code and metric of event type {code} cannot change: create another type")
    event_type_repo.set_points(tx, code, points)
    return _audited(tx, code, "event_type.replace", actor_id=actor_id, request_id=request_id)


@transaction("retire_event_type")
def retire_type(tx: Transaction, code: str, *, actor_id: int, request_id: str) -> EventType:
    """Take no more events of the type; again changes nothing. Raises EventTypeNotFound."""
    if _find_or_raise(tx, code).retired:
        return _find_or_raise(tx, code)
    event_type_repo.retire(tx, code)
    return _audited(tx, code, "event_type.retire", actor_id=actor_id, request_id=request_id)


def _find_or_raise(tx: Transaction, code: str) -> EventType:
    event_type = event_type_repo.find(tx, code)
    if event_type is None:
        raise EventTypeNotFound(event_type=code)
    return event_type


def _audited(tx: Transaction, code: str, action: str, *, actor_id: int, request_id: str) -> EventType:
    event_type = _find_or_raise(tx, code)
    audit_repo.insert(
        tx,
        actor_id=actor_id,
        action=action,
        subject_type="event_type",
        subject_id=code,
        details={"metric": event_type.metric, "points": event_type.points},
        request_id=request_id,
    )
    return event_type
