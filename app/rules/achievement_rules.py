"""Achievements: metrics, how their values combine, levels, and what a batch of unlocked levels grants."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.rules.event_rules import CountedEvent

Combine = Literal["sum", "max", "streak"]

# What raises these is no client's event. How the values of each combine; of all other metrics they add up.
BUILT_IN_METRICS: dict[str, tuple[Combine, ...]] = {
    "MATCH_FINISH": ("sum",),
    "MATCH_WIN": ("sum",),
    "BEST_SCORE": ("max",),
    "BEST_WAVE": ("max",),
    "DAILY_LOGIN": ("streak", "sum"),
    "PLAYTIME_SECONDS": ("sum",),
}


@dataclass(frozen=True, slots=True)
class Increment:
    """What happened to a metric of a user: it rose by `delta`, and the single value reached was `value`.

    Types that combine by `sum` look at the sum of all deltas, those by `max` and `streak` at the greatest value ever.
    """

    user_id: int
    metric: str
    delta: int = 0
    value: int = 0


@dataclass(frozen=True, slots=True)
class Level:
    """A level of an achievement: reached at `threshold`, pays xp, currency and points of the score."""

    tier: str
    threshold: int
    xp: int
    soft_currency: int
    points: int


@dataclass(frozen=True, slots=True)
class AchievementType:
    """A definition; `version` grows with every replacement, `levels` stand in the order of their thresholds."""

    id: int
    code: str
    name: str
    description: str
    metric: str
    combine: Combine
    hidden: bool
    built_in: bool
    version: int
    retired: bool
    levels: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class UnlockedLevel:
    """A level that a user has just reached and been paid for; `group` is the code of its type."""

    user_id: int
    group: str
    tier: str
    name: str
    threshold: int
    xp: int
    soft_currency: int
    points: int


@dataclass(frozen=True, slots=True)
class EarnedLevel:
    """A level that a user has."""

    code: str
    tier: str
    name: str
    description: str
    hidden: bool
    threshold: int
    points: int
    earned_at: datetime


@dataclass(frozen=True, slots=True)
class Grant:
    """What all levels unlocked by one user at once pay together."""

    user_id: int
    levels: int
    xp: int
    soft_currency: int
    points: int


def summed(increments: Iterable[Increment]) -> list[Increment]:
    """One increment per user and metric, in the order of users: deltas added up, the greatest value."""
    sums: dict[tuple[int, str], tuple[int, int]] = {}
    for increment in increments:
        key = (increment.user_id, increment.metric)
        delta, value = sums.get(key, (0, 0))
        sums[key] = (delta + increment.delta, max(value, increment.value))
    return [Increment(*key, *sums[key]) for key in sorted(sums)]


def increments_of_events(events: Iterable[CountedEvent]) -> list[Increment]:
    """Every event raises the metric of its type by one."""
    return [Increment(event.user_id, event.metric, delta=1) for event in events]


def grants(unlocked: Iterable[UnlockedLevel]) -> list[Grant]:
    """What each user gets for the levels he unlocked, in the order of users."""
    sums: dict[int, Grant] = {}
    for level in unlocked:
        before = sums.get(level.user_id, Grant(level.user_id, 0, 0, 0, 0))
        sums[level.user_id] = Grant(
            level.user_id,
            before.levels + 1,
            before.xp + level.xp,
            before.soft_currency + level.soft_currency,
            before.points + level.points,
        )
    return [sums[user_id] for user_id in sorted(sums)]


def shown_tier(tier: str) -> int | str:
    """A tier as clients see it: a number if it is one, else its name."""
    return int(tier) if tier.isdecimal() else tier
