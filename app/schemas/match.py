"""Requests and answers of /match (course spec 4.6.3)."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from app.rules.match_rules import MatchResult
from app.schemas import CamelAnswer, CamelRequest, UtcTime
from app.schemas.page import HistoryQuery

Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
BigCount = Annotated[int, Field(ge=0, le=2**63 - 1)]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]


FINISH_EXAMPLE: JsonDict = {
    "matchId": 987654321,
    "result": {"isWin": True, "score": 12450, "durationSeconds": 410, "waveReached": 12},
}


class StartMatch(CamelRequest):
    """`POST /match/start`; `mode` is the client's own word for the kind of match."""

    mode: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,32}$", examples=["ranked"])] | None = None


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

    model_config = ConfigDict(json_schema_extra={"examples": [FINISH_EXAMPLE]})

    match_id: Id
    result: ResultBody


class StartedMatch(CamelAnswer):
    """A match that was opened."""

    match_id: Id
    started_at: UtcTime


class RewardsView(CamelAnswer):
    """What a match paid."""

    xp: Count
    soft_currency: Count


class BoardEntry(CamelAnswer):
    """Where the score was submitted."""

    board_code: str
    season: int
    score: BigCount


class ReceiptView(CamelAnswer):
    """A settled match: the same for every repeat of the request."""

    match_id: Id
    rewards: RewardsView
    leaderboard: BoardEntry
    request_id: str
    server_time: UtcTime


class ResultView(CamelAnswer):
    """The result as it was settled."""

    is_win: bool
    score: BigCount
    duration_seconds: Count
    wave_reached: Count


class MatchItem(CamelAnswer):
    """A match in the history; `finishedAt` and `result` come with its settlement."""

    match_id: Id
    status: Literal["started", "finished", "abandoned", "voided"]
    mode: str | None
    started_at: UtcTime
    finished_at: UtcTime | None
    result: ResultView | None


class MatchView(MatchItem):
    """A match with what its settlement answered."""

    receipt: ReceiptView | None


class AppliedRuleView(CamelAnswer):
    """One rule at work on one figure of the player; `before` and `after` are null where they were not written down."""

    rule: str
    version: int
    target: str
    formula: str
    inputs: dict[str, int | str | None]
    delta: int | None
    before: int | None
    after: int | None


class ExplanationView(CamelAnswer):
    """Why a match paid what it paid; no rules for a match that is not settled."""

    match_id: Id
    status: Literal["started", "finished", "abandoned", "voided"]
    finished_at: UtcTime | None
    rules: list[AppliedRuleView]
