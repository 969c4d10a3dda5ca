"""Requests and answers of /api/v1/admin/achievement-types and /api/v1/admin/event-types."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from app.rules.achievement_rules import Definition, Level
from app.rules.event_rules import MAX_INT
from app.schemas import SnakeAnswer, SnakeRequest
from app.schemas.achievement import LevelView
from app.schemas.event import EventCode
from app.schemas.page import Flag, ListQuery

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$", examples=["boss_hunter"])]
Metric = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,63}$", examples=["COMPLETE_LEVEL"])]
TierName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$", examples=["bronze"])]
TierNumber = Annotated[int, Field(ge=1, le=999)]
Pay = Annotated[int, Field(ge=0, le=1_000_000_000)]


class AchievementTypesQuery(ListQuery):
    """`GET /api/v1/admin/achievement-types`; `built_in=true` lists what belongs to Laurel itself."""

    built_in: Flag = "false"


class RecomputeQuery(SnakeRequest):
    """`dry_run=true` lists the difference without writing."""

    dry_run: Flag = "false"


class LevelBody(SnakeRequest):
    """A level: a tier by number or name, reached at `threshold`."""

    tier: TierNumber | TierName
    threshold: Annotated[int, Field(ge=1, le=MAX_INT)]
    xp: Pay = 0
    soft_currency: Pay = 0
    points: Pay = 0


class AchievementTypeBody(SnakeRequest):
    """A definition; its levels stand in the order of their thresholds."""

    code: Code
    name: Annotated[str, Field(min_length=1, max_length=100)]
    description: Annotated[str, Field(max_length=500)] = ""
    metric: Metric
    combine: Literal["sum", "max", "streak"]
    hidden: bool = False
    levels: Annotated[list[LevelBody], Field(min_length=1, max_length=50)]

    @field_validator("name")
    @classmethod
    def _can_be_read(cls, name: str) -> str:
        if not name.isprintable() or name != name.strip():
            raise ValueError("1 to 100 printable characters without spaces around them required")
        return name

    @field_validator("levels")
    @classmethod
    def _ascend(cls, levels: list[LevelBody]) -> list[LevelBody]:
        thresholds = [level.threshold for level in levels]
        if thresholds != sorted(set(thresholds)):
            raise ValueError("ascending thresholds required")
        if len({level.tier for level in levels}) < len(levels):
            raise ValueError("every tier once required")
        return levels

    def as_definition(self) -> Definition:
        """The same in the words of the rules."""
        levels = [
            Level(str(level.tier), level.threshold, level.xp, level.soft_currency, level.points)
            for level in self.levels
        ]
        return Definition(
            code=self.code,
            name=self.name,
            description=self.description,
            metric=self.metric,
            combine=self.combine,
            hidden=self.hidden,
            levels=tuple(levels),
        )


class AchievementTypeView(SnakeAnswer):
    """A definition as it stands; `version` grows with every replacement."""

    id: int
    code: str
    name: str
    description: str
    metric: str
    combine: Literal["sum", "max", "streak"]
    hidden: bool
    version: int
    retired: bool
    levels: list[LevelView]


class CreateEventType(SnakeRequest):
    """A kind of event; without `metric` it raises the one of its own name in capitals."""

    code: EventCode
    metric: Metric | None = None
    points: Pay


class ReplaceEventType(SnakeRequest):
    """What events of the type are worth from now on; `code` and `metric` may be repeated, not changed."""

    code: EventCode | None = None
    metric: Metric | None = None
    points: Pay


class EventTypeView(SnakeAnswer):
    """A kind of event, its worth, and the metric it raises by one."""

    code: str
    metric: str
    points: int
    retired: bool
