"""Voids: everything a match itself paid is taken back by compensating entries (contract, "System 1")."""

from dataclasses import dataclass

from app.errors import Conflict, MatchNotFinished, MatchNotFound, ProgressNotFound
from app.repositories import audit_repo, leaderboard_repo, match_repo, match_void_repo, outbox_repo, stats_repo
from app.rules.match_rules import BOARD_CODE, MatchVoid
from app.rules.progress_rules import level_for_xp
from app.services import leaderboard_set_service
from app.transaction import Transaction, transaction


@dataclass(frozen=True, slots=True)
class VoidedMatch:
    """A void; `replayed` if an earlier request voided the match."""

    void: MatchVoid
    replayed: bool


def void_match(match_id: int, *, reason: str, voided_by: int, request_id: str) -> VoidedMatch:
    """Take back what the match granted: ledger, progress (the level may fall), daily statistics, board.

    Earned achievements stay; their counters follow by the outbox. The same void again returns the first one with
    `replayed` set. Raises MatchNotFound, MatchNotFinished, ProgressNotFound, and Conflict if the match was voided for
    another reason.
    """
    voided = _void_match(match_id, reason=reason, voided_by=voided_by, request_id=request_id)
    leaderboard_set_service.publish_players([voided.void.user_id])
    return voided


@transaction("void_match", batch=True)
def _void_match(tx: Transaction, match_id: int, *, reason: str, voided_by: int, request_id: str) -> VoidedMatch:
    match = match_repo.find(tx, match_id)
    if match is None:
        raise MatchNotFound(match_id=match_id)
    user_id = match.user_id
    # the same locks as a settlement's, in the same order
    locked = match_repo.lock_with_progress(tx, user_id=user_id, match_id=match_id, board_code=BOARD_CODE)
    if locked is None:
        raise MatchNotFound(match_id=match_id)
    match, progress = locked.match, locked.progress
    first = match_void_repo.find(tx, user_id=user_id, match_id=match_id)
    if first is not None:
        if first.reason != reason:
            raise Conflict(reason=f"Match {match_id} was voided for another reason")
        return VoidedMatch(first, replayed=True)
    if match.status != "finished" or match.result is None or match.receipt is None or match.finished_at is None:
        raise MatchNotFinished(match_id=match_id, status=match.status)
    if progress is None:
        raise ProgressNotFound(user_id=user_id)
    rewards, board_code, season = match.receipt.rewards, match.receipt.board_code, match.receipt.season
    next_best = match_repo.find_best(tx, user_id=user_id, board_code=board_code, season=season, except_id=match_id)
    void = MatchVoid(
        match_id=match_id,
        user_id=user_id,
        reason=reason,
        xp=-rewards.xp,
        soft_currency=-rewards.soft_currency,
        xp_before=progress.xp,
        soft_currency_before=progress.soft_currency,
        level_before=progress.level,
        level_after=level_for_xp(progress.xp - rewards.xp),
        best_score_before=leaderboard_repo.find_score(tx, user_id=user_id, board_code=board_code, season=season),
        best_score_after=next_best.score if next_best else None,
        voided_by=voided_by,
        voided_at=tx.now,
    )
    tx.batch(
        [
            *match_void_repo.write(void, request_id=request_id),
            stats_repo.take_back_match(user_id=user_id, result=match.result, finished_at=match.finished_at),
            leaderboard_repo.fall_back(
                user_id=user_id, board_code=board_code, season=season, best=next_best, now=tx.now
            ),
            outbox_repo.insert(
                event_type="match.voided",
                key=str(user_id),
                payload={"match_id": match_id, "request_id": request_id},
                now=tx.now,
            ),
        ]
    )
    audit_repo.insert(
        tx,
        actor_id=voided_by,
        action="match.void",
        subject_type="match",
        subject_id=match_id,
        details={"reason": reason, "xp": void.xp, "soft_currency": void.soft_currency},
        request_id=request_id,
    )
    return VoidedMatch(void, replayed=False)
