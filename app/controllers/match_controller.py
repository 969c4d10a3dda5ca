"""The doors of matches: start, settle, read."""

from typing import Any

from flask import Response, g

from app.controllers.envelope import history_page, iso_time, success
from app.rules.match_rules import Match
from app.schemas.match import FinishMatch, MatchHistoryQuery, StartMatch
from app.services import match_service

STAFF = frozenset({"support"})


def start_match(body: StartMatch) -> Response:
    """201 `{matchId, startedAt}`."""
    match = match_service.start_match(user_id=g.user.id, mode=body.mode, idempotency_key=g.idempotency_key)
    data = {"matchId": match.match_id, "startedAt": iso_time(match.started_at)}
    return success(data, 201, replayed=match.replayed)


def finish_match(body: FinishMatch) -> Response:
    """200 with the receipt; the repeat of a settled match answers the same."""
    settlement = match_service.finish_match(
        user_id=g.user.id,
        match_id=body.match_id,
        result=body.result.as_result(),
        request_id=g.request_id,
    )
    return success(_receipt(settlement.match) or {}, replayed=settlement.replayed)


def get_match(match_id: int) -> Response:
    """200 with the match, its result and receipt; staff see everybody's."""
    match = match_service.get_match(match_id, owner_id=_owner_id())
    return success({**_match(match), "receipt": _receipt(match)})


def explain_match(match_id: int) -> Response:
    """200 with every rule that was applied to the match; staff see everybody's."""
    explanation = match_service.explain_match(match_id, owner_id=_owner_id())
    match = explanation.match
    return success(
        {
            "matchId": match.id,
            "status": match.status,
            "finishedAt": iso_time(match.finished_at),
            "rules": [
                {
                    "rule": rule.rule,
                    "version": rule.version,
                    "target": rule.target,
                    "formula": rule.formula,
                    "inputs": rule.inputs,
                    "delta": rule.delta,
                    "before": rule.before,
                    "after": rule.after,
                }
                for rule in explanation.rules
            ],
        }
    )


def list_matches(query: MatchHistoryQuery) -> Response:
    """200 with the player's own matches, newest first."""
    matches = match_service.list_matches(user_id=g.user.id, before_id=query.before_id, limit=query.limit + 1)
    return history_page(matches, query, _match)


def _owner_id() -> int | None:
    """Whose match it must be; staff may look at anybody's."""
    return None if g.user.has_any(STAFF) else g.user.id


def _match(match: Match) -> dict[str, Any]:
    result = match.result
    return {
        "matchId": match.id,
        "status": match.status,
        "mode": match.mode,
        "startedAt": iso_time(match.started_at),
        "finishedAt": iso_time(match.finished_at),
        "result": result
        and {
            "isWin": result.is_win,
            "score": result.score,
            "durationSeconds": result.duration_seconds,
            "waveReached": result.wave_reached,
        },
    }


def _receipt(match: Match) -> dict[str, Any] | None:
    """The `data` of the finish's answer (course spec 4.7), rebuilt from the settled match."""
    receipt, result = match.receipt, match.result
    if receipt is None or result is None:
        return None
    return {
        "matchId": match.id,
        "rewards": {"xp": receipt.rewards.xp, "softCurrency": receipt.rewards.soft_currency},
        "leaderboard": {"boardCode": receipt.board_code, "season": receipt.season, "score": result.score},
        "requestId": receipt.request_id,
        "serverTime": iso_time(match.finished_at),
    }
