"""Requests and answers of /api/v1/stats."""

import re
from datetime import date, timedelta
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from app.schemas import SnakeAnswer, SnakeRequest

MAX_DAYS = 366
DEFAULT_DAYS = 30


def _whole_date(text: str) -> str:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError("a date like 2026-01-31 required")
    return text


Day = Annotated[date, BeforeValidator(_whole_date)]


class DailyStatsQuery(SnakeRequest):
    """`GET /api/v1/stats/daily`: both days are included (UTC); without them the last 30 days."""

    first: Annotated[Day | None, Field(alias="from")] = None
    last: Annotated[Day | None, Field(alias="to")] = None

    @model_validator(mode="after")
    def _is_a_bounded_range(self) -> Self:
        if self.first and self.last and not timedelta() <= self.last - self.first < timedelta(days=MAX_DAYS):
            raise ValueError(f"from <= to and at most {MAX_DAYS} days required")
        return self

    def days(self, today: date) -> tuple[date, date]:
        """The first and the last day that are asked for; what is left open spans 30 days."""
        span = timedelta(days=DEFAULT_DAYS - 1)
        if self.last is not None:
            return self.first or max(self.last, date.min + span) - span, self.last
        if self.first is not None:
            return self.first, min(self.first, date.max - span) + span
        return today - span, today


class DayView(SnakeAnswer):
    """A day (UTC) on which something happened."""

    day: date
    sessions_count: int
    events_count: int
    playtime_seconds: int
    wins: int
    losses: int
    score_sum: int


class DailyStatsView(SnakeAnswer):
    """The days of the range that have something, oldest first."""

    items: list[DayView]
    first: Annotated[date, Field(alias="from")]
    last: Annotated[date, Field(alias="to")]
