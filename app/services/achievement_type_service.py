"""Definitions of achievements: staff create, replace and retire them; what was earned stays (contract, "System 4")."""

from app.errors import AchievementTypeNotFound, Conflict, InvalidRequest
from app.repositories import achievement_repo, audit_repo, event_type_repo, outbox_repo
from app.rules.achievement_rules import BUILT_IN_METRICS, AchievementType, Definition, combines_of
from app.transaction import Transaction, transaction

TYPES_CHANGED = "achievement_types.changed"  # the outbox event: what is remembered of their levels may be wrong


@transaction("list_achievement_types")
def list_types(tx: Transaction, *, built_in: bool) -> list[AchievementType]:
    """Every definition of the game's own, retired ones too; or those that are built in."""
    return [type_ for type_ in achievement_repo.list_all(tx) if type_.built_in == built_in]


@transaction("get_achievement_type")
def get_type(tx: Transaction, type_id: int) -> AchievementType:
    """One definition as it stands. Raises AchievementTypeNotFound."""
    return find_or_raise(tx, type_id)


@transaction("create_achievement_type")
def create_type(tx: Transaction, definition: Definition, *, actor_id: int, request_id: str) -> AchievementType:
    """A new definition; who has reached it already gets it with his next step, or by a recompute.

    Raises InvalidRequest for a metric that nothing raises, AchievementTypeExists for a code that was ever used.
    """
    achievement_repo.lock_catalog(tx)
    _check_metric(tx, definition)
    type_id = achievement_repo.insert(tx, definition)
    return _audited(tx, type_id, "achievement_type.create", actor_id=actor_id, request_id=request_id)


@transaction("replace_achievement_type")
def replace_type(
    tx: Transaction, type_id: int, definition: Definition, *, actor_id: int, request_id: str
) -> AchievementType:
    """Put a new version in force; a retired type is in use again. Nobody loses or repeats a tier that he has.

    Raises AchievementTypeNotFound, InvalidRequest for a metric that nothing raises, and Conflict for another code, or
    another metric of a built-in type.
    """
    achievement_repo.lock_catalog(tx)
    present = find_or_raise(tx, type_id)
    if definition.code != present.code:
        raise Conflict(reason=f"The code of achievement type {type_id} is {present.code} for good")
    if present.built_in and (definition.metric, definition.combine) != (present.metric, present.combine):
        raise Conflict(reason=f"Achievement type {type_id} is built in: its metric cannot change")
    _check_metric(tx, definition)
    achievement_repo.replace(tx, type_id, definition, version=present.version + 1)
    return _audited(tx, type_id, "achievement_type.replace", actor_id=actor_id, request_id=request_id)


@transaction("retire_achievement_type")
def retire_type(tx: Transaction, type_id: int, *, actor_id: int, request_id: str) -> AchievementType:
    """Let nobody earn it any more; again changes nothing. Raises AchievementTypeNotFound."""
    achievement_repo.lock_catalog(tx)
    if find_or_raise(tx, type_id).retired:
        return find_or_raise(tx, type_id)
    achievement_repo.retire(tx, type_id)
    return _audited(tx, type_id, "achievement_type.retire", actor_id=actor_id, request_id=request_id)


def find_or_raise(tx: Transaction, type_id: int) -> AchievementType:
    """The definition, in the caller's transaction. Raises AchievementTypeNotFound."""
    type_ = achievement_repo.find(tx, type_id)
    if type_ is None:
        raise AchievementTypeNotFound(type_id=type_id)
    return type_


def _check_metric(tx: Transaction, definition: Definition) -> None:
    if definition.metric not in BUILT_IN_METRICS and not event_type_repo.feeds(tx, definition.metric):
        raise InvalidRequest({"metric": "a metric that an event type feeds, or a built-in one required"})
    combines = combines_of(definition.metric)
    if definition.combine not in combines:
        raise InvalidRequest({"combine": f"{' or '.join(combines)} required for {definition.metric}"})


def _audited(tx: Transaction, type_id: int, action: str, *, actor_id: int, request_id: str) -> AchievementType:
    type_ = find_or_raise(tx, type_id)
    tx.execute(*outbox_repo.insert(event_type=TYPES_CHANGED, key=TYPES_CHANGED, payload={}, now=tx.now))
    audit_repo.insert(
        tx,
        actor_id=actor_id,
        action=action,
        subject_type="achievement_type",
        subject_id=type_id,
        details={
            "code": type_.code,
            "name": type_.name,
            "metric": type_.metric,
            "combine": type_.combine,
            "hidden": type_.hidden,
            "version": type_.version,
        },
        request_id=request_id,
    )
    return type_
