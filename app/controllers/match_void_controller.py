"""The admin's door to voids."""

from flask import Response, g

from app.controllers.envelope import iso_time, success
from app.schemas.match_void import VoidMatch
from app.services import match_void_service


def void_match(body: VoidMatch, match_id: int) -> Response:
    """200 with the compensating entry; the repeat answers the same."""
    voided = match_void_service.void_match(match_id, reason=body.reason, voided_by=g.user.id, request_id=g.request_id)
    void = voided.void
    return success(
        {
            "match_id": void.match_id,
            "user_id": void.user_id,
            "status": "voided",
            "reason": void.reason,
            "xp": void.xp,
            "soft_currency": void.soft_currency,
            "progress": {
                "xp": void.xp_before + void.xp,
                "level": void.level_after,
                "soft_currency": void.soft_currency_before + void.soft_currency,
            },
            "best_score": void.best_score_after,
            "voided_by": void.voided_by,
            "voided_at": iso_time(void.voided_at),
        },
        replayed=voided.replayed,
    )
