"""Increments, grants, and what a user is shown of his progress."""

from datetime import UTC, datetime

from app.rules.achievement_rules import (
    AchievementType,
    EarnedLevel,
    Grant,
    Increment,
    Level,
    MetricValue,
    UnlockedLevel,
    corrections_of_voids,
    grants,
    increments_of_matches,
    progress_in,
    summed,
)
from app.rules.match_rules import BestOfMatches, SettledMatch

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LEVELS = (Level("1", 1, 10, 5, 2), Level("2", 5, 20, 0, 3))


def a_type(code: str = "a", *, hidden: bool = False, retired: bool = False, combine: str = "sum") -> AchievementType:
    return AchievementType(1, code, code, "", "M", combine, hidden, False, 1, retired, LEVELS)  # type: ignore[arg-type]


def earned(code: str, tier: str, threshold: int) -> EarnedLevel:
    return EarnedLevel(code, code, "", tier, threshold, 0, 0, 9, NOW)


def test_increments_of_one_metric_become_one_in_the_order_of_users() -> None:
    increments = [Increment(2, "B", 1, 5), Increment(1, "Z", 1), Increment(2, "B", 3, 4), Increment(2, "A", 0, 7)]
    assert summed(increments) == [Increment(1, "Z", 1), Increment(2, "A", 0, 7), Increment(2, "B", 4, 5)]


def test_what_is_unlocked_at_once_is_paid_at_once() -> None:
    unlocked = [UnlockedLevel(user, "g", tier, "n", 1, 10, 5, 2) for user, tier in ((2, "1"), (1, "1"), (2, "2"))]
    assert grants(unlocked) == [Grant(1, 1, 10, 5, 2), Grant(2, 2, 20, 10, 4)]


def test_a_voided_match_counts_until_its_void_is_handled_but_is_no_best() -> None:
    matches = [SettledMatch(1, True, 9, 3, voided=True), SettledMatch(1, False, 5, 4, voided=False)]
    assert summed(increments_of_matches(matches)) == [
        Increment(1, "BEST_SCORE", value=5),
        Increment(1, "BEST_WAVE", value=4),
        Increment(1, "MATCH_FINISH", delta=2),
        Increment(1, "MATCH_WIN", delta=1),
    ]
    voids = [SettledMatch(1, True, 9, 3, voided=True), SettledMatch(2, False, 1, 1, voided=True)]
    assert corrections_of_voids(voids, [BestOfMatches(1, 5, 4)]) == [
        Increment(1, "BEST_SCORE", value=5),
        Increment(1, "BEST_WAVE", value=4),
        Increment(1, "MATCH_FINISH", delta=-1),
        Increment(1, "MATCH_WIN", delta=-1),
        Increment(2, "BEST_SCORE", value=0),
        Increment(2, "BEST_WAVE", value=0),
        Increment(2, "MATCH_FINISH", delta=-1),
    ]


def test_hidden_and_retired_types_are_shown_to_those_who_earned_them() -> None:
    types = [a_type("open"), a_type("hidden", hidden=True), a_type("gone", retired=True)]
    assert [shown.type.code for shown in progress_in(types, {}, [])] == ["open"]
    both = progress_in(types, {}, [earned("hidden", "1", 1), earned("gone", "1", 1)])
    assert [shown.type.code for shown in both] == ["open", "hidden", "gone"]
    assert both[2].levels == (("1", 1, 9, NOW),)
    assert both[2].next_threshold is None


def test_an_earned_level_that_the_definition_dropped_is_still_shown() -> None:
    (shown,) = progress_in([a_type()], {"M": MetricValue(total=3, best=8)}, [earned("a", "old", 2)])
    assert [level[0] for level in shown.levels] == ["1", "old", "2"]
    assert (shown.value, shown.next_threshold) == (3, 1)


def test_sums_and_bests_show_their_own_value() -> None:
    metric = {"M": MetricValue(total=3, best=8)}
    shown = [progress_in([a_type(combine=combine)], metric, [])[0].value for combine in ("sum", "max", "streak")]
    assert shown == [3, 8, 8]
