"""Requests of /match and /event (course spec 4.6.3)."""

from typing import Annotated, Literal

from pydantic import Field

from app.rules.match_rules import MatchResult
from app.schemas import CamelRequest
from app.schemas.page import HistoryQuery

Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
BigCount = Annotated[int, Field(ge=0, le=2**63 - 1)]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]


class StartMatch(CamelRequest):
    """`POST /match/start`; `mode` is the client's own word for the kind of match."""

    mode: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,32}$")] | None = None


class MatchHistoryQuery(HistoryQuery):
    """`GET /match/history`."""

    item_fields = ("matchId", "status", "mode", "startedAt", "finishedAt", "result")


class ResultBody(CamelRequest):
    """What the client reports of a match."""

    is_win: bool
    score: BigCount
    duration_seconds: Count
    wave_reached: Count

    def as_result(self) -> MatchResult:
        """The same in the words of the rules."""
        return MatchResult(self.is_win, self.score, self.duration_seconds, self.wave_reached)


class FinishMatch(CamelRequest):
    """`POST /match/finish`."""

    match_id: Id
    result: ResultBody


class Event(CamelRequest):
    """`POST /event`: the settlement by its other door."""

    event_type: Literal["match_finish"]
    match_id: Id
    result: ResultBody
