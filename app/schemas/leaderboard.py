"""Requests and answers of /api/v1/leaderboards."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from app.rules.leaderboard_rules import MAX_COUNTED
from app.schemas import SnakeAnswer, SnakeRequest, UtcTime
from app.schemas.page import Limit, ListQuery, whole_number

SeasonNumber = Annotated[int, Field(ge=1, le=2**31 - 1)]
SeasonText = Annotated[SeasonNumber, BeforeValidator(whole_number)]


class SeasonQuery(SnakeRequest):
    """Which season; without it the open one."""

    season: SeasonText | None = None


class TopQuery(SeasonQuery):
    """A part of the board; `offset` is bounded because the entries before it are walked."""

    limit: Limit = 20
    offset: Annotated[int, Field(ge=0, le=MAX_COUNTED), BeforeValidator(whole_number)] = 0


class AroundQuery(SeasonQuery):
    """How many entries with the own one in their middle."""

    limit: Limit = 20


class SeasonsQuery(ListQuery):
    """Which seasons to list."""


class OpenSeason(SnakeRequest):
    """`season` is the number to open, the next one; without it the next is opened whatever its number."""

    season: SeasonNumber | None = None


class BoardEntryView(SnakeAnswer):
    """A player on a board; `rank` is null where it is too deep to be counted."""

    rank: int | None
    user_id: int
    display_name: str | None
    score: int
    achieved_at: UtcTime


class BoardPageView(SnakeAnswer):
    """A part of a board; `total` is null where the board is too large to be counted."""

    board_code: str
    season: int
    items: list[BoardEntryView]
    total: int | None


class TopView(BoardPageView):
    """A part of a board from its top."""

    limit: int
    offset: int


class StandingView(BoardEntryView):
    """One's own place.

    `percentile` is the share of the players who do not rank above, 100 for the first. `points_to_next` would overtake
    the next one: an equal score does not, the earlier wins; it is null for the first.
    """

    board_code: str
    season: int
    percentile: float | None
    points_to_next: int | None
    total: int | None


class PlaceRewardView(SnakeAnswer):
    """What a range of places of a closed season pays."""

    first_place: int
    last_place: int
    xp: int
    soft_currency: int


class RewardsView(SnakeAnswer):
    """What the places of a board's closed seasons pay."""

    board_code: str
    items: list[PlaceRewardView]


class SeasonView(SnakeAnswer):
    """A season; open until `closed_at`. `rewards_job_id` is the job that pays its places."""

    board_code: str
    season: int
    opened_at: UtcTime
    closed_at: UtcTime | None
    rewards_job_id: int | None
