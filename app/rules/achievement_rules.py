"""Achievements: metrics, how their values combine, levels, and what a batch of unlocked levels grants."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.rules.event_rules import CountedEvent
from app.rules.match_rules import BestOfMatches, SettledMatch

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
class Definition:
    """What an admin says of a type."""

    code: str
    name: str
    description: str
    metric: str
    combine: Combine
    hidden: bool
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
    """A level that a user has, with the texts of its type as they are now."""

    code: str
    name: str
    description: str
    tier: str
    threshold: int
    xp: int
    soft_currency: int
    points: int
    earned_at: datetime


@dataclass(frozen=True, slots=True)
class MetricValue:
    """How far a user has come in a metric: the sum of what raised it, and the greatest single value."""

    total: int = 0
    best: int = 0


@dataclass(frozen=True, slots=True)
class TypeProgress:
    """How far a user has come in a type; each level with the time he earned it, `next_threshold` of what is left."""

    type: AchievementType
    value: int
    levels: tuple[tuple[str, int, int, datetime | None], ...]  # tier, threshold, points, earned_at
    next_threshold: int | None


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


def increments_of_matches(matches: Iterable[SettledMatch]) -> list[Increment]:
    """A settled match counts, a won one twice; one that is voided already is no best any more."""
    increments = []
    for match in matches:
        increments.append(Increment(match.user_id, "MATCH_FINISH", delta=1))
        if match.is_win:
            increments.append(Increment(match.user_id, "MATCH_WIN", delta=1))
        if not match.voided:
            increments.append(Increment(match.user_id, "BEST_SCORE", value=match.score))
            increments.append(Increment(match.user_id, "BEST_WAVE", value=match.wave))
    return increments


def corrections_of_voids(voided: Iterable[SettledMatch], bests: Iterable[BestOfMatches]) -> list[Increment]:
    """What voids take back: the counters fall by what each match raised, the bests to those of what is left."""
    left = {best.user_id: best for best in bests}
    corrections = []
    for match in voided:
        corrections.append(Increment(match.user_id, "MATCH_FINISH", delta=-1))
        if match.is_win:
            corrections.append(Increment(match.user_id, "MATCH_WIN", delta=-1))
        best = left.get(match.user_id, BestOfMatches(match.user_id, 0, 0))
        corrections.append(Increment(match.user_id, "BEST_SCORE", value=best.score))
        corrections.append(Increment(match.user_id, "BEST_WAVE", value=best.wave))
    return summed(corrections)


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


def combines_of(metric: str) -> tuple[Combine, ...]:
    """How the values of a metric may combine; those that events raise add up."""
    return BUILT_IN_METRICS.get(metric, ("sum",))


def listed(types: Iterable[AchievementType]) -> list[AchievementType]:
    """The definitions that everybody sees."""
    return [type_ for type_ in types if not (type_.hidden or type_.built_in or type_.retired)]


def progress_in(
    types: Iterable[AchievementType], metrics: Mapping[str, MetricValue], earned: Iterable[EarnedLevel]
) -> list[TypeProgress]:
    """A user's progress in every listed type and in those others of which he has earned something.

    A level that he earned stays, also when the definition has dropped it or the type is retired.
    """
    of_type: dict[str, list[EarnedLevel]] = {}
    for level in earned:
        of_type.setdefault(level.code, []).append(level)
    return [
        _progress_in(type_, metrics.get(type_.metric, MetricValue()), of_type.get(type_.code, []))
        for type_ in types
        if type_.code in of_type or not (type_.hidden or type_.built_in or type_.retired)
    ]


def _progress_in(type_: AchievementType, metric: MetricValue, earned: list[EarnedLevel]) -> TypeProgress:
    levels: dict[str, tuple[str, int, int, datetime | None]] = {
        level.tier: (level.tier, level.threshold, level.points, None) for level in type_.levels if not type_.retired
    }
    levels |= {level.tier: (level.tier, level.threshold, level.points, level.earned_at) for level in earned}
    in_order = sorted(levels.values(), key=lambda level: level[1])
    return TypeProgress(
        type=type_,
        value=metric.total if type_.combine == "sum" else metric.best,
        levels=tuple(in_order),
        next_threshold=next((threshold for _, threshold, _, earned_at in in_order if earned_at is None), None),
    )
