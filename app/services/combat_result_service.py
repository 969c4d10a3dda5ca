"""What became of a fight, however late somebody asks (seed document 3, sections 4 B and 6).

Redis is asked first: the session, then its tombstone. What neither knows is asked of MySQL once, by one of all who ask
at the same time, whichever process they are in; the answer stands as a tombstone, and so does that there is none.
"""

import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import structlog
from prometheus_client import Counter
from uuid_utils.compat import uuid7

from app.clients import combat_store
from app.clients.combat_store import Hot
from app.clock import utc_now
from app.errors import CombatNotFound, ServiceUnavailable, SessionLost
from app.extensions import current_config
from app.repositories import combat_repo
from app.rules.combat_rules import AcceptedFight, Combat, LostSession
from app.rules.combat_session_rules import Session
from app.rules.outbox_rules import OutboxEvent
from app.transaction import Transaction, transaction

SETTLED_SECONDS = 24 * 3600  # a tombstone
PENDING_SECONDS = 5
ABSENT_SECONDS = 60
SETTLES_WITHIN = timedelta(seconds=10)  # later MySQL is asked what became of a session that still says it waits
WAIT_SECONDS = 2.0  # for the one who asks MySQL
LOOK_EVERY_SECONDS = 0.02

ABSENT = "absent"
LOST = "lost:"  # and the ids of the users whose fight it was

Found = Session | Combat

log = structlog.stdlib.get_logger("laurel.combat")

settled_total = Counter("laurel_combat_settled_total", "Fights settled, by what became of them", ["status"])


def get_result(session_id: str, *, user_id: int | None) -> Found:
    """The fight as it goes on, or its result; for whoever has a character in it (`user_id` None is staff).

    Raises CombatNotFound, also for what is somebody else's; SessionLost to those whose fight it was;
    ServiceUnavailable.
    """
    found = _find(session_id)
    if isinstance(found, LostSession):
        if user_id is None or user_id in found.user_ids:
            raise SessionLost(session_id=session_id)
    elif found is not None and found.is_seen_by(user_id):
        return found
    raise CombatNotFound(session_id=session_id)


def note_accepted(accepted: AcceptedFight) -> None:
    """Show the result from now on, before it is settled."""
    if not _has_redis():
        return
    owners = _owners(accepted.combat_id)
    combat = Combat(accepted.session_id, "pending", accepted.finished_at, accepted.document, owners)
    states = {
        int(character_id): {"last_combat_session_id": accepted.session_id, **participant["state_snapshot"]}
        for character_id, participant in accepted.document["participants"].items()
    }
    try:
        combat_store.finish(accepted.session_id, _pack(combat), pending_seconds=PENDING_SECONDS)
    except ServiceUnavailable as error:  # MySQL has it, and it is asked when Redis is back
        log.warning("result_not_shown_early", session_id=accepted.session_id, reason=str(error))
        return
    note_states(states)


def note_states(states: Mapping[int, Mapping[str, str | int]]) -> None:
    """Keep what a bot wants to know of characters at once."""
    try:
        combat_store.write_states(states.items())
    except ServiceUnavailable as error:
        log.warning("states_not_noted", reason=str(error))


def bury_settled(events: Sequence[OutboxEvent]) -> None:
    """Put up tombstones for fights that were just settled; their sessions may go. Runs after the commit."""
    combats = _list_settled([int(str(event.payload["combat_id"])) for event in events])
    for combat in combats:
        settled_total.labels(combat.settlement_status).inc()
    if combats and _has_redis():
        combat_store.bury({combat.session_id: _pack(combat) for combat in combats}, seconds=SETTLED_SECONDS)


def forget(session_id: str) -> None:
    """Ask MySQL again, because staff changed what became of the fight."""
    if _has_redis():
        try:
            combat_store.forget(session_id)
        except ServiceUnavailable as error:
            log.warning("tombstone_not_removed", session_id=session_id, reason=str(error))


def _find(session_id: str) -> Found | LostSession | None:
    if not _has_redis():
        return _ask(session_id)
    try:
        hot, tombstone = combat_store.find_with_tombstone(session_id)
    except ServiceUnavailable:
        found = _ask(session_id)
        if isinstance(found, LostSession):  # or it goes on where nobody can see it
            raise
        return found
    session = _going_on(hot)
    if session is not None:
        return session
    if tombstone is not None:
        return _unpack(session_id, tombstone)
    return _waiting(hot) or _ask_once(session_id)


def _going_on(hot: Hot | None) -> Session | None:
    """The session if it goes on; None if it is over or unknown."""
    if hot is None or hot.status == "finished":
        return None
    if hot.status != "active":
        raise ServiceUnavailable(reason="The fight is just beginning or ending; repeat the request")
    return hot.session


def _waiting(hot: Hot | None) -> Combat | None:
    """The result of a session that was finished just now."""
    if hot is None or hot.session is None or hot.result is None:
        return None
    waiting = _unpack(hot.session.session_id, hot.result)
    if isinstance(waiting, Combat) and utc_now() - waiting.finished_at < SETTLES_WITHIN:
        return waiting
    return None


def _ask_once(session_id: str) -> Combat | LostSession | None:
    """What MySQL knows; of all who ask at the same time one does, the others wait for what he leaves."""
    token = str(uuid7())
    give_up = time.monotonic() + WAIT_SECONDS
    while not combat_store.may_ask(session_id, token):
        time.sleep(LOOK_EVERY_SECONDS)
        tombstone = combat_store.find_tombstone(session_id)
        if tombstone is not None:
            return _unpack(session_id, tombstone)
        if time.monotonic() > give_up:
            raise ServiceUnavailable(reason="The fight is being looked up; repeat the request")
    try:
        tombstone = combat_store.find_tombstone(session_id)  # left by the one before, just now
        if tombstone is not None:
            return _unpack(session_id, tombstone)
        found = _ask(session_id)
        _remember(session_id, found)
    finally:
        combat_store.has_asked(session_id, token)
    return found


def _remember(session_id: str, found: Combat | LostSession | None) -> None:
    if isinstance(found, Combat):
        settled = found.settlement_status != "pending"
        seconds = SETTLED_SECONDS if settled else PENDING_SECONDS
        combat_store.remember(session_id, _pack(found), seconds=seconds, replace=found.settlement_status == "processed")
    else:
        text = ABSENT if found is None else LOST + ",".join(map(str, sorted(found.user_ids)))
        combat_store.remember(session_id, text, seconds=ABSENT_SECONDS, replace=False)


@transaction("find_combat_result")
def _ask(tx: Transaction, session_id: str) -> Combat | LostSession | None:
    return combat_repo.find_result(tx, session_id)


@transaction("list_settled_combats")
def _list_settled(tx: Transaction, combat_ids: Sequence[int]) -> list[Combat]:
    return combat_repo.list_results(tx, combat_ids)


@transaction("list_combat_owners")
def _owners(tx: Transaction, combat_id: int) -> dict[int, int]:
    return combat_repo.list_owners(tx, combat_id)


def _has_redis() -> bool:
    return bool(current_config().REDIS_URL)


def _pack(combat: Combat) -> str:
    return json.dumps(
        {
            "settlement_status": combat.settlement_status,
            "finished_at": combat.finished_at.isoformat(),
            "document": combat.document,
            "owners": combat.owners,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def _unpack(session_id: str, text: str) -> Combat | LostSession | None:
    if text == ABSENT:
        return None
    if text.startswith(LOST):
        return LostSession(frozenset(map(int, text.removeprefix(LOST).split(","))))
    facts = json.loads(text)
    return Combat(
        session_id=session_id,
        settlement_status=facts["settlement_status"],
        finished_at=datetime.fromisoformat(facts["finished_at"]).astimezone(UTC),
        document=facts["document"],
        owners={int(character_id): user_id for character_id, user_id in facts["owners"].items()},
    )
