"""The admin's doors to implausible results."""

from typing import Any

from flask import Response, g

from app.controllers.envelope import history_page, iso_time, success
from app.rules.review_rules import Review
from app.schemas.review import DecideReview, ReviewsQuery
from app.services import review_service


def list_reviews(query: ReviewsQuery) -> Response:
    """200 with the reviews of one status, newest first."""
    reviews = review_service.list_reviews(status=query.status, before_id=query.before_id, limit=query.limit + 1)
    return history_page(reviews, query, _review)


def decide_review(body: DecideReview, review_id: int) -> Response:
    """200 with the decided review."""
    review = review_service.decide_review(
        review_id,
        decision=body.decision,
        comment=body.comment,
        decided_by=g.user.id,
        request_id=g.request_id,
    )
    return success(_review(review))


def _review(review: Review) -> dict[str, Any]:
    return {
        "id": review.id,
        "match_id": review.match_id,
        "user_id": review.user_id,
        "username": review.username,
        "status": review.status,
        "result": {
            "is_win": review.result.is_win,
            "score": review.result.score,
            "duration_seconds": review.result.duration_seconds,
            "wave_reached": review.result.wave_reached,
        },
        "implausible": review.implausible,
        "attempts": review.attempts,
        "created_at": iso_time(review.created_at),
        "decided_at": iso_time(review.decided_at),
        "decided_by": review.decided_by,
    }
