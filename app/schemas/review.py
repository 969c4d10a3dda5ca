"""Requests of /api/v1/admin/reviews."""

from typing import Annotated, Literal

from pydantic import Field

from app.schemas import SnakeRequest
from app.schemas.page import HistoryQuery


class ReviewsQuery(HistoryQuery):
    """Which reviews to list."""

    item_fields = (
        "id",
        "match_id",
        "user_id",
        "username",
        "status",
        "result",
        "implausible",
        "attempts",
        "created_at",
        "decided_at",
        "decided_by",
    )

    status: Literal["open", "accepted", "dismissed"] = "open"


class DecideReview(SnakeRequest):
    """`accept` settles the match with the recorded result, `dismiss` leaves it open."""

    decision: Literal["accept", "dismiss"]
    comment: Annotated[str, Field(min_length=1, max_length=500)] | None = None
