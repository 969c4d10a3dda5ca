"""Matches: start, settle, read (course spec 4.6, contract "System 1: match settlement")."""

from dataclasses import dataclass
from datetime import datetime

from app.errors import (
    MatchAbandoned,
    MatchAlreadyFinished,
    MatchNotFound,
    MatchVoided,
    ProgressNotFound,
    ResultImplausible,
    UserNotFound,
)
from app.extensions import current_config
from app.repositories import (
    events_repo,
    leaderboard_repo,
    match_repo,
    match_void_repo,
    outbox_repo,
    review_repo,
    stats_repo,
    user_repo,
)
from app.repositories.match_repo import LockedMatch
from app.rules import match_explain_rules
from app.rules.leaderboard_rules import BoardState
from app.rules.match_explain_rules import AppliedRule
from app.rules.match_rules import (
    BOARD_CODE,
    Match,
    MatchResult,
    PlausibilityLimits,
    Receipt,
    implausible_fields,
    match_rewards,
)
from app.rules.progress_rules import level_for_xp
from app.services import idempotency_service, leaderboard_set_service
from app.transaction import Transaction, transaction


@dataclass(frozen=True, slots=True)
class StartedMatch:
    """An opened match; `replayed` if an earlier request with the same Idempotency-Key opened it."""

    match_id: int
    started_at: datetime
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Settlement:
    """A finished match and what the boards know of its player; `replayed` if an earlier request settled it."""

    match: Match
    board_state: BoardState
    replayed: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """A match and every rule that was applied to it, in order."""

    match: Match
    rules: list[AppliedRule]


@transaction("start_match")
def start_match(tx: Transaction, *, user_id: int, mode: str | None, idempotency_key: str | None) -> StartedMatch:
    """Open a match for the player; he may have many open ones.

    Raises UserNotFound, and IdempotencyKeyReused for the same key with another `mode`.
    """
    request = idempotency_service.keyed_request(user_id, "POST /match/start", idempotency_key, {"mode": mode})
    first_answer = idempotency_service.claim(tx, request)
    if first_answer is not None:
        return StartedMatch(first_answer["match_id"], datetime.fromisoformat(first_answer["started_at"]), replayed=True)
    if not user_repo.exists(tx, user_id):
        raise UserNotFound(user=user_id)
    match_id = match_repo.insert_started(tx, user_id=user_id, mode=mode)
    idempotency_service.remember(tx, request, {"match_id": match_id, "started_at": tx.now.isoformat()})
    return StartedMatch(match_id, tx.now)


def finish_match(*, user_id: int, match_id: int, result: MatchResult, request_id: str) -> Settlement:
    """Settle the player's match: everything it pays, or nothing.

    The same result again returns the first settlement with `replayed` set. Raises MatchNotFound (also for
    somebody else's match), ProgressNotFound, MatchAlreadyFinished for another result, MatchAbandoned, MatchVoided,
    and ResultImplausible, with the result recorded for review.
    """
    outcome = _finish_match(user_id=user_id, match_id=match_id, result=result, request_id=request_id)
    if isinstance(outcome, ResultImplausible):  # raised out here, where its record is committed
        raise outcome
    # a rank that is read after this answer includes the score
    leaderboard_set_service.publish_score(outcome.match, outcome.board_state)
    return outcome


@transaction("finish_match", batch=True)
def _finish_match(
    tx: Transaction, *, user_id: int, match_id: int, result: MatchResult, request_id: str
) -> Settlement | ResultImplausible:
    # 0) the match, then the progress row, are locked: nobody else settles either until the commit
    locked = match_repo.lock_with_progress(tx, user_id=user_id, match_id=match_id, board_code=BOARD_CODE)
    if locked is None:
        raise MatchNotFound(match_id=match_id)
    match = locked.match
    if match.status == "abandoned":
        raise MatchAbandoned(match_id=match_id)
    if match.status == "voided":
        raise MatchVoided(match_id=match_id)
    if match.status != "started":
        if match.result != result:
            raise MatchAlreadyFinished(match_id=match_id)
        return Settlement(match, locked.board_state, replayed=True)
    if locked.progress is None:
        raise ProgressNotFound(user_id=user_id)
    implausible = implausible_fields(result, started_at=match.started_at, now=tx.now, limits=_limits())
    if implausible:
        review_repo.record(
            tx, match_id=match_id, user_id=user_id, result=result, implausible=implausible, request_id=request_id
        )
        return ResultImplausible(implausible, match_id=match_id)
    return Settlement(settle(tx, locked, result, request_id), locked.board_state, replayed=False)


def settle(tx: Transaction, locked: LockedMatch, result: MatchResult, request_id: str) -> Match:
    """Grant what the locked, open match pays for `result`; returns the finished match.

    Raises ProgressNotFound. Part of the caller's transaction.
    """
    match, progress = locked.match, locked.progress
    if progress is None:
        raise ProgressNotFound(user_id=match.user_id)
    user_id, now = match.user_id, tx.now
    rewards = match_rewards(result.wave_reached)
    receipt = Receipt(rewards, BOARD_CODE, locked.season, request_id)
    tx.batch(
        [
            # 1) game_events
            events_repo.insert_game_event(
                user_id=user_id,
                event_type="match_finish",
                payload={
                    "requestId": request_id,
                    "matchId": match.id,
                    "result": {
                        "isWin": result.is_win,
                        "score": result.score,
                        "durationSeconds": result.duration_seconds,
                        "waveReached": result.wave_reached,
                    },
                },
                now=now,
            ),
            # 2) player_progress, and the match itself: result, ledger entry and receipt
            match_repo.write_settlement(
                user_id=user_id,
                match_id=match.id,
                result=result,
                receipt=receipt,
                before=progress,
                level=level_for_xp(progress.xp + rewards.xp),
                now=now,
            ),
            # 3) statistics_daily
            stats_repo.add_match(user_id=user_id, result=result, now=now),
            # 4) leaderboard_scores
            leaderboard_repo.upsert_best_score(
                user_id=user_id,
                board_code=BOARD_CODE,
                season=locked.season,
                score=result.score,
                hidden=locked.board_state.hidden,
                now=now,
            ),
            # 5) what follows after the commit
            outbox_repo.insert(
                event_type="match.finished",
                key=str(user_id),
                payload={"match_id": match.id, "request_id": request_id},
                now=now,
            ),
        ]
    )
    return Match(
        id=match.id,
        user_id=match.user_id,
        status="finished",
        mode=match.mode,
        started_at=match.started_at,
        finished_at=now,
        result=result,
        receipt=receipt,
    )


@transaction("get_match")
def get_match(tx: Transaction, match_id: int, *, owner_id: int | None) -> Match:
    """A match with its receipt: the owner's own, or anybody's if `owner_id` is None. Raises MatchNotFound."""
    return _get(tx, match_id, owner_id)


@transaction("explain_match")
def explain_match(tx: Transaction, match_id: int, *, owner_id: int | None) -> Explanation:
    """Why the match paid what it paid, and what a void took back; no rules for a match that is not settled.

    The owner's own, or anybody's if `owner_id` is None. Raises MatchNotFound.
    """
    match = _get(tx, match_id, owner_id)
    inputs = match_repo.find_inputs(tx, user_id=match.user_id, match_id=match_id)
    void = match_void_repo.find(tx, user_id=match.user_id, match_id=match_id)
    return Explanation(match, match_explain_rules.explain_match(match, inputs, void))


@transaction("list_matches")
def list_matches(tx: Transaction, *, user_id: int, before_id: int, limit: int) -> list[Match]:
    """Up to `limit` of the player's matches with an id below `before_id`, newest first."""
    return match_repo.list_of_player(tx, user_id=user_id, before_id=before_id, limit=limit)


def _get(tx: Transaction, match_id: int, owner_id: int | None) -> Match:
    match = (
        match_repo.find(tx, match_id)
        if owner_id is None
        else match_repo.find_of_player(tx, user_id=owner_id, match_id=match_id)
    )
    if match is None:
        raise MatchNotFound(match_id=match_id)
    return match


def _limits() -> PlausibilityLimits:
    config = current_config()
    return PlausibilityLimits(
        duration_tolerance_seconds=config.MATCH_DURATION_TOLERANCE_SECONDS,
        max_score=config.MATCH_MAX_SCORE,
        max_wave=config.MATCH_MAX_WAVE,
    )
