"""Finished fights: accepted once, settled once (contract "System 3", seed document 3, section 4 A).

A fight is accepted in one transaction, with the outbox row that makes a worker settle it. Settling is one transaction
for a run of fights, the outbox's own: characters are locked in the order of their ids, what can never be settled ends
as `failed` with its reason and touches nothing.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from app.canonical_json import canonical_hash
from app.errors import CombatAlreadyFinished, CombatNotFound, Conflict
from app.repositories import (
    audit_repo,
    character_repo,
    combat_repo,
    inventory_repo,
    item_ledger_repo,
    item_template_repo,
    outbox_repo,
    replay_repo,
)
from app.repositories.combat_repo import SettlementFigures
from app.repositories.replay_repo import StoredReplay
from app.rules.character_rules import Character
from app.rules.combat_rules import AcceptedFight, FinishedFight, outcomes_of
from app.rules.outbox_rules import OutboxEvent
from app.rules.settlement_rules import PendingFight, Settlement, SettlementRow, Standing, settle_fights
from app.services import combat_result_service, replay_service
from app.transaction import Statement, Transaction, transaction

FIGHTS_AT_ONCE = 100  # whose documents are held in memory, up to the size of a request body each


def accept_fight(fight: FinishedFight) -> AcceptedFight:
    """Take a finished fight into the history, let a worker settle it, and show its result from now on.

    The same fight again returns what the first one did. Raises CombatAlreadyFinished if its session was handed in
    with another content.
    """
    accepted = _accept(fight, replay_service.pack(fight.session_id, fight.replay) if fight.replay else None)
    if not accepted.replayed:
        combat_result_service.note_accepted(accepted)
    return accepted


@transaction("accept_settlement", batch=True)
def _accept(tx: Transaction, fight: FinishedFight, packed: StoredReplay | None) -> AcceptedFight:
    payload_hash = canonical_hash(fight.request)
    combat_id = combat_repo.insert(tx, fight, payload_hash)
    if combat_id is None:
        stored = combat_repo.find_by_session(tx, fight.session_id)
        if stored is None or stored.payload_hash != payload_hash:
            raise CombatAlreadyFinished(session_id=fight.session_id)
        return AcceptedFight(stored.id, fight.session_id, stored.document, stored.finished_at, replayed=True)
    if packed is not None:
        replay_repo.insert(tx, combat_id, packed)
    tx.batch(
        [
            combat_repo.insert_participants(combat_id, outcomes_of(fight.document)),
            _announce(combat_id, fight.session_id, tx.now),
        ]
    )
    return AcceptedFight(combat_id, fight.session_id, fight.document, tx.now, replayed=False)


def settle_finished(tx: Transaction, events: Sequence[OutboxEvent]) -> None:
    """Settle the fights of a run of `combat.finished` events; one that is settled already stays as it is.

    Everybody who took part in any of them is locked first, in the order of their ids, so that two workers with the
    same characters wait for each other instead of ending in a deadlock.
    """
    combat_ids = sorted({int(str(event.payload["combat_id"])) for event in events})
    characters = character_repo.lock_by_ids(tx, combat_repo.list_character_ids(tx, combat_ids))
    for start in range(0, len(combat_ids), FIGHTS_AT_ONCE):
        fights = combat_repo.lock_pending(tx, combat_ids[start : start + FIGHTS_AT_ONCE])
        if fights:
            fought = {outcome.character_id for fight in fights for outcome in fight.outcomes}
            standing = read_standing(tx, [character for character in characters if character.id in fought], fights)
            settlement = settle_fights(fights, standing)
            _write(tx, fights, settlement)
            changed = {character.id: character for character in settlement.characters}
            characters = [changed.get(character.id, character) for character in characters]


def read_standing(tx: Transaction, characters: Collection[Character], fights: Sequence[PendingFight]) -> Standing:
    """What of the characters these fights can touch: what they wear, and stacks that loot would fill."""
    loot = [(o.character_id, won) for fight in fights for o in fight.outcomes for won in o.loot]
    templates = []
    template_ids = {won.item_template_id for _, won in loot if won.item_template_id is not None}
    if template_ids:
        templates += item_template_repo.list_by_ids(tx, template_ids)
    names = {won.name for _, won in loot if won.item_template_id is None and won.name is not None}
    if names:
        templates += item_template_repo.list_by_names(tx, names)
    ids = {template.name: template.id for template in templates}
    wanted = {(character_id, won.item_template_id or ids.get(won.name or "")) for character_id, won in loot}
    items = inventory_repo.list_equipped(tx, [character.id for character in characters])
    known = {(character_id, template_id) for character_id, template_id in wanted if template_id is not None}
    if known:
        items += inventory_repo.list_with_room(tx, known)
    return Standing(characters, items, templates)


def _write(tx: Transaction, fights: Sequence[PendingFight], settlement: Settlement) -> None:
    if settlement.characters:
        character_repo.write_standing(tx, settlement.characters)
    if settlement.stack_changes:
        inventory_repo.change_stacks(tx, settlement.stack_changes)
    if settlement.new_stacks:
        inventory_repo.insert_stacks(tx, settlement.new_stacks)
    if settlement.movements:
        item_ledger_repo.insert_movements(tx, settlement.movements)
    combat_repo.mark_settled(tx, [fight.id for fight in fights], settlement.failures)


@transaction("list_settlements")
def list_settlements(tx: Transaction, *, status: str, before_id: int, limit: int) -> list[SettlementRow]:
    """Up to `limit` settlements of one status with an id below `before_id`, newest first."""
    return combat_repo.list_by_status(tx, status=status, before_id=before_id, limit=limit)


def retry_settlement(session_id: str, *, actor_id: int, request_id: str) -> SettlementRow:
    """Let a failed settlement be tried again, after what it failed of was mended; a pending one stays as it is.

    Raises CombatNotFound, and Conflict if it is processed or rejected.
    """
    settlement = _retry(session_id, actor_id, request_id)
    combat_result_service.forget(session_id)
    return settlement


@transaction("retry_settlement", batch=True)
def _retry(tx: Transaction, session_id: str, actor_id: int, request_id: str) -> SettlementRow:
    settlement = _lock(tx, session_id)
    if settlement.settlement_status == "pending":
        return settlement
    if settlement.settlement_status == "processed" or settlement.rejected_at is not None:
        raise Conflict(reason=f"The settlement of {session_id} is {_state(settlement)}")
    combat_repo.reset_pending(tx, settlement.id)
    _audit(tx, "settlement.retry", settlement, {"reason": settlement.failure_reason}, actor_id, request_id)
    tx.batch([_announce(settlement.id, session_id, tx.now)])
    return replace(settlement, settlement_status="pending", failure_reason=None, settled_at=None)


def reject_settlement(session_id: str, *, reason: str, actor_id: int, request_id: str) -> SettlementRow:
    """Close a failed or waiting settlement for good, as `failed`; again changes nothing.

    Raises CombatNotFound, and Conflict if it is processed.
    """
    settlement = _reject(session_id, f"rejected: {reason}", actor_id, request_id)
    combat_result_service.forget(session_id)
    return settlement


@transaction("reject_settlement")
def _reject(tx: Transaction, session_id: str, reason: str, actor_id: int, request_id: str) -> SettlementRow:
    settlement = _lock(tx, session_id)
    if settlement.rejected_at is not None:
        return settlement
    if settlement.settlement_status == "processed":
        raise Conflict(reason=f"The settlement of {session_id} is {_state(settlement)}")
    combat_repo.reject(tx, settlement.id, reason=reason)
    _audit(tx, "settlement.reject", settlement, {"reason": reason}, actor_id, request_id)
    return replace(settlement, settlement_status="failed", failure_reason=reason, settled_at=tx.now, rejected_at=tx.now)


@transaction("get_settlement_figures")
def get_figures(tx: Transaction) -> SettlementFigures:
    """What waits and what failed."""
    return combat_repo.get_figures(tx)


def _lock(tx: Transaction, session_id: str) -> SettlementRow:
    settlement = combat_repo.lock_settlement(tx, session_id)
    if settlement is None:
        raise CombatNotFound(session_id=session_id)
    return settlement


def _state(settlement: SettlementRow) -> str:
    return "rejected" if settlement.rejected_at is not None else settlement.settlement_status


def _announce(combat_id: int, session_id: str, now: datetime) -> Statement:
    """Fights of one character may settle in any order (sums commute, the newest leaves its hp and energy), so the
    session is the key and all shards share the work.
    """
    return outbox_repo.insert(
        event_type="combat.finished",
        key=session_id,
        payload={"combat_id": combat_id, "session_id": session_id},
        now=now,
    )


def _audit(
    tx: Transaction,
    action: str,
    settlement: SettlementRow,
    details: dict[str, object],
    actor_id: int,
    request_id: str,
) -> None:
    audit_repo.insert(
        tx,
        actor_id=actor_id,
        action=action,
        subject_type="combat",
        subject_id=settlement.id,
        details={"session_id": settlement.session_id, **details},
        request_id=request_id,
    )
