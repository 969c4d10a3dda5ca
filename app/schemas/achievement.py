"""Answers of /api/v1/achievements, /api/v1/users/me/achievements and /api/v1/stats/{id}."""

from typing import Literal

from app.schemas import SnakeAnswer, UtcTime
from app.schemas.event import EventItem

Tier = int | str


class LevelView(SnakeAnswer):
    """A level: reached at `threshold`, pays xp, currency and points of the score."""

    tier: Tier
    threshold: int
    xp: int
    soft_currency: int
    points: int


class AchievementView(SnakeAnswer):
    """A definition; `points` is what all its levels come to."""

    id: int
    code: str
    name: str
    description: str
    metric: str
    combine: Literal["sum", "max", "streak"]
    points: int
    levels: list[LevelView]


class EarnedView(SnakeAnswer):
    """A level that a user has."""

    code: str
    name: str
    description: str
    tier: Tier
    threshold: int
    xp: int
    soft_currency: int
    points: int
    earned_at: UtcTime


class ProgressLevelView(SnakeAnswer):
    """A level with the time it was earned."""

    tier: Tier
    threshold: int
    points: int
    earned_at: UtcTime | None


class ProgressView(SnakeAnswer):
    """How far a user has come in a type; `next_threshold` is null when everything is earned."""

    code: str
    name: str
    description: str
    metric: str
    value: int
    levels: list[ProgressLevelView]
    next_threshold: int | None


class ProgressListView(SnakeAnswer):
    """Every type that the user may see."""

    items: list[ProgressView]


class EventCountView(SnakeAnswer):
    """Events of a type and their points."""

    count: int
    points: int


class UserStatsView(SnakeAnswer):
    """`score` is the points of events and of achievements; `events` by type."""

    user_id: int
    score: int
    achievements_count: int
    achievements: list[EarnedView]
    events: dict[str, EventCountView]
    last_events: list[EventItem]
