"""Implausible results: staff list them, accept them (the match is settled after all) or dismiss them."""

from typing import Literal

from app.errors import Conflict, MatchAlreadyFinished, MatchNotFound, MatchVoided, ReviewNotFound
from app.repositories import audit_repo, match_repo, review_repo
from app.rules.match_rules import BOARD_CODE
from app.rules.review_rules import STATUS_AFTER, Review
from app.services import match_service
from app.transaction import Transaction, transaction


@transaction("list_reviews")
def list_reviews(tx: Transaction, *, status: str, before_id: int, limit: int) -> list[Review]:
    """Up to `limit` reviews of one status with an id below `before_id`, newest first."""
    return review_repo.list_by_status(tx, status=status, before_id=before_id, limit=limit)


@transaction("decide_review", batch=True)
def decide_review(
    tx: Transaction,
    review_id: int,
    *,
    decision: Literal["accept", "dismiss"],
    comment: str | None,
    decided_by: int,
    request_id: str,
) -> Review:
    """Accept the recorded result, which settles the match now, or dismiss it, which leaves the match open.

    The same decision again changes nothing. Raises ReviewNotFound, Conflict after the other decision, and
    MatchAlreadyFinished if the match was meanwhile finished with another result, MatchVoided.
    """
    review = _get(tx, review_id)
    if review.status == STATUS_AFTER[decision]:
        return review
    # The match is locked before the review, as in every transaction that holds both.
    if decision == "accept":
        _settle_as_recorded(tx, review, request_id)
    if not review_repo.decide(tx, review_id, status=STATUS_AFTER[decision], decided_by=decided_by):
        decided = _get(tx, review_id)
        if decided.status == STATUS_AFTER[decision]:
            return decided
        raise Conflict(reason=f"Review {review_id} is already {decided.status}")
    audit_repo.insert(
        tx,
        actor_id=decided_by,
        action=f"review.{decision}",
        subject_type="match",
        subject_id=review.match_id,
        details={"review_id": review_id, "comment": comment},
        request_id=request_id,
    )
    return _get(tx, review_id)


def _settle_as_recorded(tx: Transaction, review: Review, request_id: str) -> None:
    """Settle an open or abandoned match with the reviewed result."""
    locked = match_repo.lock_with_progress(tx, user_id=review.user_id, match_id=review.match_id, board_code=BOARD_CODE)
    if locked is None:
        raise MatchNotFound(match_id=review.match_id)
    if locked.match.status in {"started", "abandoned"}:
        match_service.settle(tx, locked, review.result, request_id)
    elif locked.match.status == "voided":
        raise MatchVoided(match_id=review.match_id)
    elif locked.match.result != review.result:
        raise MatchAlreadyFinished(match_id=review.match_id)


def _get(tx: Transaction, review_id: int) -> Review:
    review = review_repo.find(tx, review_id)
    if review is None:
        raise ReviewNotFound(review_id=review_id)
    return review
