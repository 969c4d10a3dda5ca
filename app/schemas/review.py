"""Requests and answers of /api/v1/admin/reviews."""

from typing import Annotated, Literal

from pydantic import Field

from app.schemas import SnakeAnswer, SnakeRequest, UtcTime
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


class ReviewedResult(SnakeAnswer):
    """The result that was refused."""

    is_win: bool
    score: int
    duration_seconds: int
    wave_reached: int


class ReviewView(SnakeAnswer):
    """A refused result; `implausible` names the fields with the limits they break."""

    id: int
    match_id: int
    user_id: int
    username: str | None
    status: Literal["open", "accepted", "dismissed"]
    result: ReviewedResult
    implausible: dict[str, str]
    attempts: int
    created_at: UtcTime
    decided_at: UtcTime | None
    decided_by: int | None
