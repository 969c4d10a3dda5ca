"""Requests and answers of /event, /api/v1/event/ and /api/v1/events (course spec 4.6.3; contract, "System 2")."""

from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from app.rules.event_rules import MATCH_FINISH, check_details
from app.schemas import CamelAnswer, CamelRequest, SnakeAnswer, SnakeRequest, UtcTime
from app.schemas.match import FinishMatch, Id, ResultBody
from app.schemas.page import HistoryQuery

EventCode = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$", examples=["login"])]
Details = Annotated[dict[str, Any], AfterValidator(check_details)]


class RecordEvent(SnakeRequest):
    """`POST /api/v1/event/`; without `user_id` it happened to the caller."""

    user_id: Id | None = None
    event_type: EventCode
    details: Details | None = None


COURSE_EXAMPLE: dict[str, Any] = {
    "eventType": "match_finish",
    "matchId": 987654321,
    "result": {"isWin": True, "score": 12450, "durationSeconds": 410, "waveReached": 12},
}


class CourseEvent(CamelRequest):
    """`POST /event`: `match_finish` with `matchId` and `result`, other types with `details`."""

    model_config = ConfigDict(json_schema_extra={"examples": [COURSE_EXAMPLE]})

    event_type: EventCode
    match_id: Id | None = None
    result: ResultBody | None = None
    details: Details | None = None

    @model_validator(mode="before")
    @classmethod
    def _settlement_is_whole(cls, body: object) -> object:
        """Name what a settlement must have, so that the validators below see when it is missing."""
        if isinstance(body, dict) and body.get("eventType") == MATCH_FINISH:
            return {"matchId": None, "result": None, **body}
        return body

    @field_validator("match_id", "result")
    @classmethod
    def _stands_with_a_settlement_only(cls, value: object, info: ValidationInfo) -> object:
        event_type = info.data.get("event_type")
        if event_type == MATCH_FINISH and value is None:
            raise ValueError("int >= 1 required" if info.field_name == "match_id" else "object required")
        if event_type not in {MATCH_FINISH, None} and value is not None:
            raise ValueError("unknown field")
        return value

    @field_validator("details")
    @classmethod
    def _stands_without_a_settlement_only(cls, value: object, info: ValidationInfo) -> object:
        if info.data.get("event_type") == MATCH_FINISH and value is not None:
            raise ValueError("unknown field")
        return value

    @property
    def settlement(self) -> FinishMatch | None:
        """The same as a request to settle a match, if it is one."""
        if self.match_id is None or self.result is None:
            return None
        return FinishMatch.model_construct(match_id=self.match_id, result=self.result)


class EventsQuery(HistoryQuery):
    """`GET /api/v1/events/user/{id}`."""

    item_fields = ("id", "user_id", "event_type", "details", "points", "created_at")


class EventView(SnakeAnswer):
    """An event that was taken; what follows from it comes a moment later."""

    id: int
    user_id: int
    event_type: str
    details: dict[str, Any] | None
    created_at: UtcTime
    message: str


class CourseEventView(CamelAnswer):
    """The same at the course spec's door."""

    id: int
    user_id: int
    event_type: str
    details: dict[str, Any] | None
    created_at: UtcTime
    message: str


class EventItem(SnakeAnswer):
    """An event in a user's history, with what it was worth."""

    id: int
    user_id: int
    event_type: str
    details: dict[str, Any] | None
    points: int
    created_at: UtcTime
