"""Requests and answers of /api/v1/admin/matches."""

from typing import Annotated, Literal

from pydantic import Field

from app.schemas import SnakeAnswer, SnakeRequest, UtcTime


class VoidMatch(SnakeRequest):
    """`POST /api/v1/admin/matches/{id}/void`."""

    reason: Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S", examples=["bot"])]


class ProgressAfterVoid(SnakeAnswer):
    """What the player was left with; the currency may be below zero."""

    xp: int
    level: int
    soft_currency: int


class MatchVoidView(SnakeAnswer):
    """The compensating entry; `best_score` is what is left on the board."""

    match_id: int
    user_id: int
    status: Literal["voided"]
    reason: str
    xp: int
    soft_currency: int
    progress: ProgressAfterVoid
    best_score: int | None
    voided_by: int
    voided_at: UtcTime
