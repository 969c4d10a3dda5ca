"""Fights that go on: start, act, finish (contract "System 3", seed document 3, section 5).

Which fight a character was last sent into stands in MySQL, whether it goes on only in Redis: if Redis loses a fight,
nobody is stuck in it. A session's name is reserved in Redis first, then its characters are locked and sent into it,
then it opens; so no character is ever in two.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import structlog
from uuid_utils.compat import uuid7

from app.canonical_json import canonical_hash
from app.clients import combat_store
from app.clock import utc_now
from app.errors import (
    CharacterBusy,
    CharacterNotFound,
    CombatAlreadyFinished,
    CombatNotFound,
    Conflict,
    InvalidRequest,
    ItemSpent,
    ServiceUnavailable,
    SessionLost,
    StaleVersion,
)
from app.extensions import current_config
from app.repositories import character_repo, combat_repo
from app.repositories.combat_repo import StoredFight
from app.rules.character_rules import Character
from app.rules.combat_rules import AcceptedFight, Combat, Document, LostSession
from app.rules.combat_session_rules import (
    BeltItem,
    Fighter,
    Session,
    finish_request,
    finished_fight,
    missing_participants,
)
from app.services import combat_result_service, combat_settlement_service
from app.transaction import Transaction, transaction

log = structlog.stdlib.get_logger("laurel.combat")


@dataclass(frozen=True, slots=True)
class StartedSession:
    """A session that goes on; `replayed` if an earlier request started it."""

    session: Session
    replayed: bool


@dataclass(frozen=True, slots=True)
class Action:
    """One press of a button."""

    action_id: str
    version: int
    character_id: int
    slot: str


@dataclass(frozen=True, slots=True)
class Acted:
    """The session after the action; `replayed` if it was done before."""

    session: Session
    replayed: bool


def start_session(*, session_id: str | None, teams: Mapping[int, str], owner_id: int | None) -> StartedSession:
    """Send characters into a fight with what is in their belts; `teams` by character id.

    A user sends his own characters, staff (`owner_id` None) anybody's. The same session again is the one that goes on.
    Raises CharacterNotFound, CharacterBusy, Conflict or CombatAlreadyFinished if the name is taken, ServiceUnavailable
    without Redis.
    """
    session_id = session_id or str(uuid7())
    free = _read_characters(teams, owner_id)
    token = str(uuid7())
    if not combat_store.reserve(session_id, token):
        return _started_before(session_id, teams)
    try:
        _refuse_busy(free, session_id)
        session = Session(session_id, _assemble(session_id, teams, free))
        _open(session, token)
    except Exception:
        _release(session_id, token)
        raise
    combat_result_service.note_states(
        {
            fighter.character_id: {
                "last_combat_session_id": session_id,
                "hp": fighter.hp,
                "energy": fighter.energy,
            }
            for fighter in session.fighters
        }
    )
    return StartedSession(session, replayed=False)


def act(session_id: str, action: Action, *, user_id: int | None) -> Acted | Combat:
    """Use an item out of the belt, or show the finished fight to whoever presses the button of one.

    The same action again returns what the first one did. Raises StaleVersion with the present state, ItemSpent,
    SessionLost, CombatNotFound (also for what is not the user's), Conflict for an action id of another action,
    ServiceUnavailable without Redis.
    """
    pressed = combat_store.use_item(
        session_id,
        action_id=action.action_id,
        version=action.version,
        character_id=action.character_id,
        slot=action.slot,
        user_id=user_id,
        seconds=current_config().COMBAT_SESSION_SECONDS,
    )
    session = pressed.session
    if session is None:
        if pressed.outcome == "FOREIGN":
            raise CombatNotFound(session_id=session_id)
        if pressed.outcome == "REUSED":
            raise Conflict(reason=f"The action {action.action_id} was another one")
        return _over(session_id, user_id)
    if pressed.outcome == "STALE":
        raise StaleVersion({"current": session_view(session)}, version=session.version)
    if pressed.outcome == "SPENT":
        raise ItemSpent({"current": session_view(session)}, slot=action.slot)
    return Acted(session.at_version(pressed.version), replayed=pressed.outcome == "REPLAYED")


def finish_session(session_id: str, report: Document) -> AcceptedFight:
    """Take the engine's result of a session, with what its container says was used up, into the history.

    `report` is `{winner_team, finish_reason, participants, replay_log}`. The same report again returns what the first
    one did. Raises InvalidRequest naming participants it leaves out, CombatAlreadyFinished for another report,
    SessionLost, CombatNotFound, ServiceUnavailable without Redis.
    """
    request_hash = canonical_hash(finish_request(session_id, report))
    hot = combat_store.find(session_id)
    if hot is None or hot.session is None:
        return _finished_before(session_id, request_hash)
    missing = missing_participants(hot.session, report)
    if missing:
        raise InvalidRequest({f"participants.{character_id}": "required" for character_id in missing})
    outcome, closed = combat_store.close(session_id, request_hash.hex())
    if outcome == "OTHER":
        raise CombatAlreadyFinished(session_id=session_id)
    if closed is None or closed.session is None:
        return _finished_before(session_id, request_hash)
    return combat_settlement_service.accept_fight(finished_fight(closed.session, report, utc_now()))


def session_view(session: Session) -> dict[str, object]:
    """The container as clients see it."""
    return {
        "session_id": session.session_id,
        "status": "active",
        "version": session.version,
        "participants": [
            {
                "character_id": fighter.character_id,
                "team": fighter.team,
                "hp": fighter.hp,
                "energy": fighter.energy,
                "belt": [
                    {
                        "slot": item.slot,
                        "inventory_id": item.inventory_id,
                        "item_template_id": item.item_template_id,
                        "quantity": item.quantity,
                    }
                    for item in session.belt_of(fighter)
                ],
            }
            for fighter in session.fighters
        ],
    }


@transaction("read_fighters")
def _read_characters(tx: Transaction, teams: Collection[int], owner_id: int | None) -> dict[int, str | None]:
    """The fights that the characters were last sent into."""
    return _sent(character_repo.list_by_ids(tx, teams), teams, owner_id)


@transaction("assemble_session")
def _assemble(
    tx: Transaction, session_id: str, teams: Mapping[int, str], free: Mapping[int, str | None]
) -> tuple[Fighter, ...]:
    """Send the characters into the session, if they are still as free as they were.

    What they bring is what stands in MySQL less what their fights used up that are not settled yet.
    """
    characters = character_repo.lock_by_ids(tx, teams)
    for character_id, sent in _sent(characters, teams, None).items():
        if sent not in (None, free[character_id]):
            raise CharacterBusy(character_id=character_id)
    if combat_repo.find_by_session(tx, session_id) is not None:
        raise CombatAlreadyFinished(session_id=session_id)
    pending = combat_repo.list_pending_of(tx, teams)
    others = {o.character_id for fight in pending for o in fight.outcomes} - set(teams)
    everybody = characters + (character_repo.list_by_ids(tx, others) if others else [])
    standing = combat_settlement_service.read_standing(tx, everybody, pending)
    for fight in pending:
        standing.apply(fight)
    character_repo.send_into_session(tx, teams, session_id)
    return tuple(
        Fighter(
            character_id=character.id,
            user_id=character.user_id,
            team=teams[character.id],
            hp=standing.character(character.id).hp,
            energy=standing.character(character.id).energy,
            belt=tuple(
                BeltItem(str(item.slot), item.id, item.item_template_id, item.quantity)
                for item in standing.belt_of(character.id)
            ),
        )
        for character in characters
    )


def _sent(characters: Sequence[Character], wanted: Collection[int], owner_id: int | None) -> dict[int, str | None]:
    """The fight that each was last sent into. Raises CharacterNotFound for who is missing or somebody else's."""
    sent = {c.id: c.session_id for c in characters if owner_id in (None, c.user_id)}
    for character_id in wanted:
        if character_id not in sent:
            raise CharacterNotFound(character_id=character_id)
    return sent


def _refuse_busy(sent: Mapping[int, str | None], session_id: str) -> None:
    """Raise CharacterBusy if a fight that somebody was sent into goes on; the one that begins does not count."""
    busy = combat_store.going_on({into for into in sent.values() if into is not None and into != session_id})
    for character_id, into in sent.items():
        if into in busy:
            raise CharacterBusy(character_id=character_id)


def _open(session: Session, token: str) -> None:
    if not combat_store.open_session(session, token, seconds=current_config().COMBAT_SESSION_SECONDS):
        raise ServiceUnavailable(reason="The fight could not begin; repeat the request")


def _started_before(session_id: str, teams: Mapping[int, str]) -> StartedSession:
    """The session that has the name already, if it is the same fight."""
    hot = combat_store.find(session_id)
    if hot is not None and hot.session is not None and hot.status == "active":
        session = hot.session
        if {fighter.character_id: fighter.team for fighter in session.fighters} == dict(teams):
            return StartedSession(session, replayed=True)
    raise Conflict(reason=f"There is a fight {session_id} already")


def _release(session_id: str, token: str) -> None:
    """Give the name back; if even that fails it is free again by itself soon."""
    try:
        combat_store.release(session_id, token)
    except ServiceUnavailable as error:
        log.warning("reservation_not_released", session_id=session_id, reason=str(error))


def _over(session_id: str, user_id: int | None) -> Combat:
    """The fight whose button was pressed too late."""
    found = combat_result_service.get_result(session_id, user_id=user_id)
    if isinstance(found, Combat):
        return found
    raise ServiceUnavailable(reason="The fight is just beginning or ending; repeat the request")


def _finished_before(session_id: str, request_hash: bytes) -> AcceptedFight:
    """What the first finish of a session returned that Redis does not know any more."""
    found = _find_finished(session_id)
    if isinstance(found, StoredFight):
        if found.payload_hash != request_hash:
            raise CombatAlreadyFinished(session_id=session_id)
        return AcceptedFight(found.id, session_id, found.document, found.finished_at, replayed=True)
    if isinstance(found, LostSession):
        raise SessionLost(session_id=session_id)
    raise CombatNotFound(session_id=session_id)


@transaction("find_finished_session")
def _find_finished(tx: Transaction, session_id: str) -> StoredFight | LostSession | None:
    stored = combat_repo.find_by_session(tx, session_id)
    if stored is not None:
        return stored
    lost = combat_repo.find_result(tx, session_id)
    return lost if isinstance(lost, LostSession) else None
