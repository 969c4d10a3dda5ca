"""Streaks on the calendar: missed days, freezes, time zones, daylight saving, leap days, outages."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.streak_rules import (
    DAY,
    CheckIn,
    Outage,
    Streak,
    StreakState,
    StreakTerms,
    Today,
    after_choice,
    answer_is_final_until,
    check_in,
    excused_days,
    in_effect,
    is_checked_in,
    living_days,
    local_day,
    next_streak,
    replay,
    start_of_day,
    state_after,
    today_of,
    with_earned_freeze,
)

AUCKLAND, HONOLULU, BERLIN, NEW_YORK = "Pacific/Auckland", "Pacific/Honolulu", "Europe/Berlin", "America/New_York"
KIRITIMATI, SANTIAGO = "Pacific/Kiritimati", "America/Santiago"
TERMS = StreakTerms(xp=10, soft_currency=5, max_freezes=2, freeze_every_days=7)
NO_FREEZES = StreakTerms(xp=10, soft_currency=5, max_freezes=0, freeze_every_days=0)
MONDAY = date(2026, 11, 16)


class Player:
    """A player who checks in and chooses zones, as the service would let him."""

    def __init__(self, zone: str = "UTC", terms: StreakTerms = NO_FREEZES, freezes: int = 0) -> None:
        self.zone = zone
        self.terms = terms
        self.state = StreakState(1, 0, 0, None, None, "UTC", "UTC", freezes)
        self.counted: list[CheckIn] = []

    def choose(self, zone: str, moment: datetime) -> None:
        self.state = after_choice(self.state, self.zone, zone, moment)
        self.zone = zone

    def today(self, moment: datetime) -> Today:
        return today_of(in_effect(self.state, self.zone, moment), moment)

    def check_in(self, moment: datetime) -> bool:
        """Whether it counted."""
        state = in_effect(self.state, self.zone, moment)
        today = today_of(state, moment)
        if is_checked_in(state, today.day):
            return False
        checkin = check_in(state, today.day, moment, [], self.terms)
        self.state = state_after(checkin, state.longest_streak)
        self.counted.append(checkin)
        return True

    @property
    def days(self) -> int:
        return self.state.consecutive_days


def at(zone: str, *when: int) -> datetime:
    return datetime(*when, tzinfo=ZoneInfo(zone)).astimezone(UTC)  # type: ignore[misc,arg-type]


def test_the_first_day_is_a_streak_of_one() -> None:
    assert next_streak(0, None, MONDAY, 0) == Streak(1, 0, 0)


def test_the_next_day_is_one_more() -> None:
    assert next_streak(6, MONDAY, MONDAY + DAY, 2) == Streak(7, 2, 0)


@pytest.mark.parametrize(
    ("missed", "freezes", "expected"),
    [
        (1, 0, Streak(1, 0, 0)),
        (1, 1, Streak(11, 0, 1)),
        (1, 2, Streak(11, 1, 1)),
        (2, 2, Streak(11, 0, 2)),
        (3, 2, Streak(1, 2, 0)),  # too few: none is spent in vain
        (1000, 2, Streak(1, 2, 0)),
    ],
)
def test_missed_days_cost_freezes_or_the_streak(missed: int, freezes: int, expected: Streak) -> None:
    assert next_streak(10, MONDAY, MONDAY + DAY * (missed + 1), freezes) == expected


def test_excused_days_cost_nothing() -> None:
    assert next_streak(10, MONDAY, MONDAY + 3 * DAY, 0, excused=2) == Streak(11, 0, 2)
    assert next_streak(10, MONDAY, MONDAY + 4 * DAY, 0, excused=2) == Streak(1, 0, 0)
    assert next_streak(10, MONDAY, MONDAY + 4 * DAY, 1, excused=2) == Streak(11, 0, 3)
    assert next_streak(10, MONDAY, MONDAY + DAY, 1, excused=2) == Streak(11, 1, 0)


def test_every_seventh_day_earns_a_freeze_up_to_the_most() -> None:
    player = Player(terms=TERMS)
    freezes = []
    for day in range(28):
        player.check_in(datetime(2026, 1, 1, 12, tzinfo=UTC) + day * DAY)
        freezes.append(player.state.freezes)
    assert freezes == [0] * 6 + [1] * 7 + [2] * 15
    assert with_earned_freeze(Streak(7, 5, 0), TERMS).freezes == 5  # what was earned before stays
    assert with_earned_freeze(Streak(7, 0, 0), NO_FREEZES).freezes == 0


@pytest.mark.parametrize("days", [7, 30, 120])
def test_a_streak_of_many_days(days: int) -> None:
    player = Player(BERLIN)
    for day in range(days):
        assert player.check_in(datetime(2026, 1, 10, 12, tzinfo=UTC) + day * DAY)
        assert not player.check_in(datetime(2026, 1, 10, 13, tzinfo=UTC) + day * DAY)
    assert player.days == player.state.longest_streak == days


def test_a_broken_streak_keeps_the_longest() -> None:
    player = Player()
    for day in [1, 2, 3, 5, 6]:
        player.check_in(datetime(2026, 6, day, tzinfo=UTC))
    assert (player.days, player.state.longest_streak) == (2, 3)


@pytest.mark.parametrize(
    ("zone", "days"),
    [
        ("UTC", [(2027, 12, 31), (2028, 1, 1)]),
        (BERLIN, [(2026, 12, 31), (2027, 1, 1)]),
        ("UTC", [(2028, 2, 28), (2028, 2, 29), (2028, 3, 1)]),
        ("UTC", [(2026, 2, 28), (2026, 3, 1)]),
        (BERLIN, [(2026, 3, 28), (2026, 3, 29), (2026, 3, 30)]),
        (BERLIN, [(2026, 10, 24), (2026, 10, 25), (2026, 10, 26)]),
        (NEW_YORK, [(2026, 10, 31), (2026, 11, 1), (2026, 11, 2)]),
        (SANTIAGO, [(2026, 9, 5), (2026, 9, 6), (2026, 9, 7)]),  # clocks go forward at midnight
        (SANTIAGO, [(2026, 4, 4), (2026, 4, 5)]),  # and back to 23:00
    ],
)
def test_the_first_and_the_last_moment_of_each_day_count_for_it(zone: str, days: list[tuple[int, int, int]]) -> None:
    early, late = Player(zone), Player(zone)
    for day in days:
        first, last = start_of_day(zone, date(*day)), start_of_day(zone, date(*day) + DAY) - timedelta(milliseconds=1)
        assert local_day(zone, first) == local_day(zone, last) == date(*day)
        assert early.check_in(first)
        assert not early.check_in(last)
        assert late.check_in(last)
    assert early.days == late.days == len(days)


def test_a_leap_day_left_out_is_a_missed_day() -> None:
    player = Player()
    player.check_in(datetime(2028, 2, 28, tzinfo=UTC))
    player.check_in(datetime(2028, 3, 1, tzinfo=UTC))
    assert player.days == 1


def test_days_have_23_or_25_hours_where_clocks_are_changed() -> None:
    assert start_of_day(BERLIN, date(2026, 3, 30)) - start_of_day(BERLIN, date(2026, 3, 29)) == timedelta(hours=23)
    assert start_of_day(BERLIN, date(2026, 10, 26)) - start_of_day(BERLIN, date(2026, 10, 25)) == timedelta(hours=25)


def test_just_before_and_after_midnight_are_two_days() -> None:
    player = Player(BERLIN)
    assert player.check_in(at(BERLIN, 2026, 11, 16, 23, 59, 59))
    assert player.check_in(at(BERLIN, 2026, 11, 17, 0, 0, 0))
    assert player.days == 2


def test_a_clock_that_went_back_finds_the_day_checked_in() -> None:
    player = Player()
    player.check_in(datetime(2026, 11, 17, 0, 0, 1, tzinfo=UTC))
    assert not player.check_in(datetime(2026, 11, 16, 23, 59, 59, tzinfo=UTC))
    assert player.days == 1


class TestChangeOfZone:
    def test_it_takes_effect_a_day_after_the_last_counted_check_in(self) -> None:
        player, first = Player(AUCKLAND), at(AUCKLAND, 2026, 11, 17, 8)
        player.check_in(first)
        player.choose(HONOLULU, first)
        just_before = in_effect(player.state, HONOLULU, first + DAY - timedelta(milliseconds=1))
        assert just_before.time_zone == AUCKLAND
        assert in_effect(player.state, HONOLULU, first + DAY).time_zone == HONOLULU

    def test_it_takes_effect_at_once_when_that_is_long_ago(self) -> None:
        player, first = Player(AUCKLAND), at(AUCKLAND, 2026, 11, 17, 8)
        player.check_in(first)
        player.choose(HONOLULU, first + DAY)
        assert player.state.time_zone == HONOLULU

    def test_the_first_check_in_is_in_the_chosen_zone(self) -> None:
        player = Player(AUCKLAND)
        player.check_in(datetime(2026, 11, 16, 23, tzinfo=UTC))
        assert player.state.last_day == date(2026, 11, 17)

    def test_westward_the_date_that_comes_again_is_checked_in_already(self) -> None:
        player = Player(AUCKLAND)
        player.check_in(at(AUCKLAND, 2026, 11, 17, 8))  # still the 16th in Honolulu
        player.choose(HONOLULU, at(AUCKLAND, 2026, 11, 17, 9))
        later = at(HONOLULU, 2026, 11, 17, 9)  # 24 hours later, the 17th again
        assert not player.check_in(later)
        assert player.today(later) == Today(date(2026, 11, 17), at(HONOLULU, 2026, 11, 18, 0))
        assert player.check_in(at(HONOLULU, 2026, 11, 18, 23, 59))
        assert player.days == 2

    def test_a_date_before_the_last_counted_one_is_checked_in_already(self) -> None:
        player = Player(KIRITIMATI)  # UTC+14
        player.check_in(at(KIRITIMATI, 2026, 11, 17, 0, 30))
        player.choose("Etc/GMT+12", at(KIRITIMATI, 2026, 11, 17, 1))
        later = at(KIRITIMATI, 2026, 11, 18, 0, 30)
        assert local_day("Etc/GMT+12", later) == date(2026, 11, 16)
        assert not player.check_in(later)
        assert player.today(later).day == date(2026, 11, 17)

    def test_eastward_the_date_that_is_jumped_over_is_not_missed(self) -> None:
        player = Player(HONOLULU)
        player.check_in(at(HONOLULU, 2026, 11, 16, 9))
        player.choose(AUCKLAND, at(HONOLULU, 2026, 11, 16, 9))
        assert player.check_in(at(AUCKLAND, 2026, 11, 18, 22, 59))  # the last minute of the 17th in Honolulu
        assert (player.state.last_day, player.days) == (date(2026, 11, 18), 2)
        assert (player.counted[-1].bridged_days, player.counted[-1].zone_days) == (1, 1)
        assert player.state.latest_zone == AUCKLAND

    def test_eastward_a_day_that_was_missed_is_missed(self) -> None:
        player = Player(HONOLULU)
        player.check_in(at(HONOLULU, 2026, 11, 16, 9))
        player.choose(AUCKLAND, at(HONOLULU, 2026, 11, 16, 9))
        assert player.check_in(at(HONOLULU, 2026, 11, 18, 0))
        assert player.days == 1

    def test_back_before_it_took_effect_is_no_change(self) -> None:
        player, first = Player(HONOLULU), at(HONOLULU, 2026, 11, 16, 9)
        player.check_in(first)
        player.choose(AUCKLAND, first + timedelta(hours=1))
        player.choose(HONOLULU, first + timedelta(hours=2))
        assert in_effect(player.state, HONOLULU, first + 2 * DAY) == player.state

    def test_what_a_refusal_in_another_zone_cost_is_not_missed(self) -> None:
        player, first = Player(AUCKLAND), at(AUCKLAND, 2026, 1, 1, 13)
        player.check_in(first)
        player.choose(HONOLULU, first)
        assert not player.check_in(first + DAY)  # the 1st again
        player.choose(AUCKLAND, first + timedelta(hours=35))  # from the 2nd, an hour old, to the 3rd
        assert player.check_in(first + timedelta(hours=35))
        assert player.days == 2

    def test_there_and_back_neither_earns_nor_loses_a_day(self) -> None:
        """A try every 23 hours, under zones that change each time."""
        player, moment = Player(AUCKLAND), at(AUCKLAND, 2026, 11, 1, 10)
        for turn in range(60):
            player.check_in(moment)
            player.choose((HONOLULU, AUCKLAND)[turn % 2], moment)
            moment += timedelta(hours=23)
        assert player.days == len(player.counted)
        first, last = player.counted[0], player.counted[-1]
        assert player.days <= (last.day - first.day).days + 1

    def test_to_and_fro_within_a_day_changes_nothing(self) -> None:
        player, noon = Player(BERLIN), at(BERLIN, 2026, 11, 16, 12)
        player.check_in(noon)
        for minutes in range(0, 11 * 60, 7):
            player.choose((AUCKLAND, HONOLULU, KIRITIMATI)[minutes % 3], noon + timedelta(minutes=minutes))
            assert not player.check_in(noon + timedelta(minutes=minutes))
        assert player.check_in(at(BERLIN, 2026, 11, 17, 0))

    def test_changes_without_end_do_not_keep_a_streak_that_nobody_feeds(self) -> None:
        player, moment = Player(HONOLULU), at(HONOLULU, 2026, 11, 16, 9)
        player.check_in(moment)
        for turn in range(20):
            moment += timedelta(hours=12)
            player.choose((AUCKLAND, HONOLULU)[turn % 2], moment)
        player.check_in(moment)
        assert player.days == 1


ZONES = st.sampled_from(
    [AUCKLAND, HONOLULU, BERLIN, NEW_YORK, KIRITIMATI, SANTIAGO, "Etc/GMT+12", "UTC", "Asia/Kolkata"]
)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))
STEPS = st.lists(st.tuples(ZONES, st.integers(1, 30 * 60)), min_size=1, max_size=60)


@given(ZONES, MOMENTS, STEPS)
def test_whatever_zones_are_chosen_no_more_days_count_than_pass(
    zone: str, begin: datetime, steps: list[tuple[str, int]]
) -> None:
    player, moment = Player(zone), begin
    player.check_in(moment)
    for next_zone, minutes in steps:
        moment += timedelta(minutes=minutes)
        player.choose(next_zone, moment)
        player.check_in(moment)
    days = [checkin.day for checkin in player.counted]
    assert days == sorted(set(days))
    passed = (moment - begin).total_seconds() / 86_400
    assert len(days) <= passed + 2 + 26 / 24  # the day it began, the day it ends, and the farthest zones apart
    for earlier, later in zip(player.counted, player.counted[2:], strict=False):
        assert later.checked_in_at - earlier.checked_in_at >= timedelta(hours=23)  # three of them take a whole day


@given(ZONES, MOMENTS, st.lists(st.tuples(ZONES, st.integers(1, 23 * 60)), min_size=1, max_size=60))
def test_who_tries_once_a_day_never_loses_his_streak_by_changing_zones(
    zone: str, begin: datetime, steps: list[tuple[str, int]]
) -> None:
    """At most 23 hours between two tries (a day can be that short): whichever of them count, none breaks the streak."""
    player, moment = Player(zone), begin
    player.check_in(moment)
    for next_zone, minutes in steps:
        moment += timedelta(minutes=minutes)
        player.choose(next_zone, moment)
        player.check_in(moment)
    assert player.days == len(player.counted)


@given(ZONES, ZONES, MOMENTS, st.integers(0, 48 * 60))
def test_an_answer_that_is_final_stays_right_in_any_zone(zone: str, other: str, begin: datetime, minutes: int) -> None:
    player = Player(zone)
    player.check_in(begin)
    today = player.today(begin)
    until = answer_is_final_until(player.state, today, begin)
    assert until is not None
    moment = begin + timedelta(minutes=minutes)
    player.choose(other, begin)
    if moment < until:
        assert not player.check_in(moment)
        assert player.today(moment) == today
    else:
        assert answer_is_final_until(player.state, player.today(moment), moment) is None


def outage(*hours: int) -> Outage:
    begin = datetime(2026, 11, 16, tzinfo=UTC)
    return Outage(begin + timedelta(hours=hours[0]), begin + timedelta(hours=hours[1]))


def state(last: date, days: int = 10, zone: str = "UTC", freezes: int = 0) -> StreakState:
    return StreakState(1, days, days, last, start_of_day(zone, last), zone, zone, freezes)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


class TestOutage:
    @pytest.mark.parametrize(
        ("hours", "expected"),
        [
            ((20, 50), {0, 1, 2}),  # every day it touched
            ((24, 48), {1}),  # its end does not touch the next one
            ((-30, 200), {0, 1, 2, 3}),  # of the missed ones only
            ((200, 300), set()),
        ],
    )
    def test_it_excuses_the_local_days_that_it_touched(self, hours: tuple[int, int], expected: set[int]) -> None:
        days = excused_days(state(MONDAY - DAY), MONDAY + 4 * DAY, [outage(*hours)])
        assert days == {MONDAY + DAY * number for number in expected}

    def test_in_the_players_own_zone(self) -> None:
        days = excused_days(state(MONDAY - DAY, zone=AUCKLAND), MONDAY + 4 * DAY, [outage(0, 24)])
        assert days == {MONDAY, MONDAY + DAY}  # 13:00 to 13:00

    def test_two_of_them_excuse_a_day_once(self) -> None:
        two = [outage(20, 50), outage(30, 60)]
        assert len(excused_days(state(MONDAY - DAY), MONDAY + 4 * DAY, two)) == 3
        assert living_days(state(MONDAY - DAY), MONDAY + 5 * DAY, noon(MONDAY + 5 * DAY), two) == 0

    def test_a_streak_that_was_alive_lives_and_a_dead_one_stays_dead(self) -> None:
        away = [outage(20, 50)]  # Monday evening to Wednesday morning
        assert living_days(state(MONDAY - DAY), MONDAY + 3 * DAY, noon(MONDAY + 3 * DAY), away) == 10
        assert living_days(state(MONDAY - DAY), MONDAY + 3 * DAY, noon(MONDAY + 3 * DAY), []) == 0
        assert living_days(state(MONDAY - 2 * DAY), MONDAY + 3 * DAY, noon(MONDAY + 3 * DAY), away) == 0
        assert living_days(state(MONDAY - DAY), MONDAY + 4 * DAY, noon(MONDAY + 4 * DAY), away) == 0

    def test_check_ins_that_counted_before_it_was_known_are_mended(self) -> None:
        days = [1, 2, 3, 6, 7, 8]
        player = Player(terms=TERMS)
        for day in days:
            player.check_in(datetime(2026, 6, day, 9, tzinfo=UTC))
        away = [Outage(datetime(2026, 6, 3, 22, tzinfo=UTC), datetime(2026, 6, 5, 23, tzinfo=UTC))]
        mended = replay(player.counted, away, TERMS)
        assert [checkin.consecutive_days for checkin in player.counted] == [1, 2, 3, 1, 2, 3]
        assert [checkin.consecutive_days for checkin in mended] == [1, 2, 3, 4, 5, 6]
        assert [checkin.bridged_days for checkin in mended] == [0, 0, 0, 2, 0, 0]
        assert replay(mended, away, TERMS) == mended

    def test_freezes_that_it_cost_come_back(self) -> None:
        player = Player(terms=TERMS, freezes=2)
        for day in (3, 6):
            player.check_in(datetime(2026, 6, day, 9, tzinfo=UTC))
        assert player.state.freezes == 0
        away = [Outage(datetime(2026, 6, 3, 22, tzinfo=UTC), datetime(2026, 6, 5, 23, tzinfo=UTC))]
        assert [checkin.freezes for checkin in replay(player.counted, away, TERMS)] == [2, 2]


@given(ZONES, MOMENTS, STEPS, st.integers(0, 3))
def test_a_replay_without_an_outage_changes_nothing(
    zone: str, begin: datetime, steps: list[tuple[str, int]], freezes: int
) -> None:
    player, moment = Player(zone, TERMS, freezes), begin
    player.check_in(moment)
    for next_zone, minutes in steps:
        moment += timedelta(minutes=3 * minutes)
        player.choose(next_zone, moment)
        player.check_in(moment)
    assert replay(player.counted, [], TERMS) == player.counted


def test_the_day_ends_in_the_zone_that_is_in_effect() -> None:
    now = datetime(2026, 11, 16, 12, tzinfo=UTC)
    assert Player(BERLIN).today(now).ends_at == datetime(2026, 11, 16, 23, tzinfo=UTC)
    assert Player(HONOLULU).today(now).ends_at == datetime(2026, 11, 17, 10, tzinfo=UTC)
    assert living_days(Player(HONOLULU).state, MONDAY, now, []) == 0


def test_a_replay_never_makes_a_streak_shorter() -> None:
    """The gap that the outage bridges now would spend the freezes that the last one needs."""
    player = Player(terms=TERMS)
    for offset in (*range(14), 17, 18, 19, 22):
        assert player.check_in(datetime.combine(MONDAY + offset * DAY, time(12), UTC))
    begun = datetime.combine(MONDAY + 14 * DAY, time(0), UTC)
    away = [Outage(begun, begun + timedelta(hours=25))]
    assert replay(player.counted, away, TERMS) == player.counted
    today = replay(player.counted, away, replace(TERMS, max_freezes=0, freeze_every_days=0))
    assert today[-1].consecutive_days >= player.counted[-1].consecutive_days
