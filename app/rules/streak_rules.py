"""Daily streaks: which day it is for a player, what a check-in makes of his streak, what an outage excuses.

A streak counts check-ins on consecutive days of the player's own time zone. A missed day breaks it, unless it is
excused (the server was away, a change of zone took it) or paid with a freeze.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.rules.achievement_rules import Level, UnlockedLevel

DAY = timedelta(days=1)
SMALLEST_STEP = timedelta(milliseconds=1)

METRIC = "DAILY_LOGIN"
ACHIEVEMENT_CODE = "daily_streak"


@dataclass(frozen=True, slots=True)
class StreakTerms:
    """What a day pays, how many freezes a player may hold, and after how many days he earns one (0: never)."""

    xp: int
    soft_currency: int
    max_freezes: int
    freeze_every_days: int


@dataclass(frozen=True, slots=True)
class Streak:
    """A streak after a check-in: its length, the freezes left, the missed days right before that did not break it."""

    days: int
    freezes: int
    bridged_days: int


@dataclass(frozen=True, slots=True)
class StreakState:
    """A player's streak; before his first check-in `last_day` is None.

    `time_zone` is the one in effect. `latest_zone`, of those in effect since the last counted check-in, is the one
    where days end last: a streak lives as long as it does there. `longest_streak` never gets smaller.
    """

    user_id: int
    consecutive_days: int
    longest_streak: int
    last_day: date | None
    last_checkin_at: datetime | None
    time_zone: str
    latest_zone: str
    freezes: int


@dataclass(frozen=True, slots=True)
class CheckIn:
    """A counted check-in with the streak it made.

    `bridged_days` were missed right before it without breaking the streak; `zone_days` is how many days earlier it was
    in the latest zone; `freezes` are those left after it.
    """

    user_id: int
    day: date
    checked_in_at: datetime
    time_zone: str
    consecutive_days: int
    bridged_days: int
    zone_days: int
    freezes: int


@dataclass(frozen=True, slots=True)
class Today:
    """The day that a check-in would count for, and when it ends (UTC)."""

    day: date
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Outage:
    """When no check-in was possible, UTC; `ends_at` is the first moment when it was again."""

    starts_at: datetime
    ends_at: datetime


def local_day(zone: str, moment: datetime) -> date:
    """The date in that zone."""
    return moment.astimezone(ZoneInfo(zone)).date()


def start_of_day(zone: str, day: date) -> datetime:
    """When the day begins there, UTC; where clocks are put forward at midnight, the moment when they are."""
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def in_effect(state: StreakState, chosen_zone: str, now: datetime) -> StreakState:
    """The streak with the player's chosen zone, if that is in effect by now.

    It is from 24 hours after the last counted check-in.
    """
    if chosen_zone == state.time_zone:
        return state
    if state.last_checkin_at is None:
        return replace(state, time_zone=chosen_zone, latest_zone=chosen_zone)
    changes_at = state.last_checkin_at + DAY
    return state if now < changes_at else _changed(state, chosen_zone, changes_at)


def after_choice(state: StreakState, old_zone: str, new_zone: str, now: datetime) -> StreakState:
    """The streak when the player chooses another zone: in effect now, or 24 hours after his last counted check-in."""
    state = in_effect(state, old_zone, now)
    too_early = state.last_checkin_at is not None and now < state.last_checkin_at + DAY
    return state if too_early else _changed(state, new_zone, now)


def _changed(state: StreakState, zone: str, moment: datetime) -> StreakState:
    latest = min(state.latest_zone, zone, key=lambda each: moment.astimezone(ZoneInfo(each)).utcoffset() or timedelta())
    return replace(state, time_zone=zone, latest_zone=latest)


def today_of(state: StreakState, now: datetime) -> Today:
    """The player's day in the zone in effect. A date that is not after the last counted one is that one again."""
    day = local_day(state.time_zone, now)
    if state.last_day is not None:
        day = max(day, state.last_day)
    return Today(day, ends_at=start_of_day(state.time_zone, day + DAY))


def is_checked_in(state: StreakState, day: date) -> bool:
    """Whether the day counts already."""
    return state.last_day is not None and state.last_day >= day


def excused_days(state: StreakState, day: date, outages: Sequence[Outage]) -> frozenset[date]:
    """Of the days missed before `day`, those of which an outage touched any moment."""
    if state.last_day is None:
        return frozenset()
    excused: set[date] = set()
    for outage in outages:
        first = max(local_day(state.time_zone, outage.starts_at), state.last_day + DAY)
        behind = min(local_day(state.time_zone, outage.ends_at - SMALLEST_STEP) + DAY, day)
        excused.update(first + timedelta(days=number) for number in range((behind - first).days))
    return frozenset(excused)


def next_streak(days: int, last: date | None, today: date, freezes: int, excused: int = 0) -> Streak:
    """The streak after a check-in `today`, a day after `last` (None: the first one).

    Missed days beyond those `excused` cost a freeze each; if there are too few, the streak begins anew and no freeze
    is spent.
    """
    if last is None:
        return Streak(1, freezes, bridged_days=0)
    missed = (today - last).days - 1
    frozen = max(missed - excused, 0)
    if frozen > freezes:
        return Streak(1, freezes, bridged_days=0)
    return Streak(days + 1, freezes - frozen, bridged_days=missed)


def with_earned_freeze(streak: Streak, terms: StreakTerms) -> Streak:
    """One more freeze on every `freeze_every_days`-th day of a streak, up to the most a player may hold."""
    earns = terms.freeze_every_days > 0 and streak.days % terms.freeze_every_days == 0
    if not earns or streak.freezes >= terms.max_freezes:
        return streak
    return replace(streak, freezes=streak.freezes + 1)


def check_in(state: StreakState, day: date, now: datetime, outages: Sequence[Outage], terms: StreakTerms) -> CheckIn:
    """The check-in that counts for `day`, which is not checked in yet."""
    return _counted(state, day, now, _zone_days(state, day, now), outages, terms)


def _counted(
    state: StreakState, day: date, now: datetime, zone_days: int, outages: Sequence[Outage], terms: StreakTerms
) -> CheckIn:
    streak = with_earned_freeze(_streak_on(state, day, zone_days, outages), terms)
    return CheckIn(
        user_id=state.user_id,
        day=day,
        checked_in_at=now,
        time_zone=state.time_zone,
        consecutive_days=streak.days,
        bridged_days=streak.bridged_days,
        zone_days=zone_days,
        freezes=streak.freezes,
    )


def _zone_days(state: StreakState, day: date, now: datetime) -> int:
    return max((day - local_day(state.latest_zone, now)).days, 0)


def _streak_on(state: StreakState, day: date, zone_days: int, outages: Sequence[Outage]) -> Streak:
    excused = len(excused_days(state, day, outages)) + zone_days
    return next_streak(state.consecutive_days, state.last_day, day, state.freezes, excused)


def state_after(checkin: CheckIn, longest_streak: int) -> StreakState:
    """The player's streak when the check-in has counted; the longest one never gets shorter."""
    return StreakState(
        user_id=checkin.user_id,
        consecutive_days=checkin.consecutive_days,
        longest_streak=max(longest_streak, checkin.consecutive_days),
        last_day=checkin.day,
        last_checkin_at=checkin.checked_in_at,
        time_zone=checkin.time_zone,
        latest_zone=checkin.time_zone,
        freezes=checkin.freezes,
    )


def living_days(state: StreakState, day: date, now: datetime, outages: Sequence[Outage]) -> int:
    """The length of the streak as it stands on `day`, today: 0 once a check-in could only begin it anew."""
    if is_checked_in(state, day):
        return state.consecutive_days
    return _streak_on(state, day, _zone_days(state, day, now), outages).days - 1


def replay(checkins: Sequence[CheckIn], outages: Sequence[Outage], terms: StreakTerms) -> list[CheckIn]:
    """A player's check-ins in their order as they count when the outages are known; the first one stays.

    Unchanged if the streak would be shorter: a gap that is bridged now may eat freezes that a later one needs.
    """
    replayed = [checkins[0]]
    for checkin in checkins[1:]:
        state = replace(state_after(replayed[-1], longest_streak=0), time_zone=checkin.time_zone)
        replayed.append(_counted(state, checkin.day, checkin.checked_in_at, checkin.zone_days, outages, terms))
    return replayed if replayed[-1].consecutive_days >= checkins[-1].consecutive_days else list(checkins)


def answer_is_final_until(state: StreakState, today: Today, now: datetime) -> datetime | None:
    """Until when "already checked in" stays the answer whatever zone the player chooses; None: not for sure.

    Another zone cannot take effect within 24 hours of the check-in.
    """
    if state.last_checkin_at is None or not is_checked_in(state, today.day):
        return None
    until = min(today.ends_at, state.last_checkin_at + DAY)
    return until if until > now else None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a player is told about his streak; `xp`, `soft_currency` and `unlocked` are what today's check-in gave."""

    day: date
    consecutive_days: int
    longest_streak: int
    already_checked_in: bool
    next_level: Level | None
    xp: int
    soft_currency: int
    unlocked: tuple[UnlockedLevel, ...]
    day_ends_at: datetime
    freezes: int
