from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.match_rules import MatchResult, MatchRewards, PlausibilityLimits, implausible_fields, match_rewards

LIMITS = PlausibilityLimits(duration_tolerance_seconds=30, max_score=10_000_000, max_wave=10_000)
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def implausible(*, seconds_open: float = 600, score: int = 0, duration: int = 0, wave: int = 0) -> list[str]:
    result = MatchResult(is_win=True, score=score, duration_seconds=duration, wave_reached=wave)
    return sorted(implausible_fields(result, started_at=NOW - timedelta(seconds=seconds_open), now=NOW, limits=LIMITS))


@pytest.mark.parametrize(
    ("wave", "rewards"),
    [(0, MatchRewards(50, 100)), (12, MatchRewards(170, 340)), (10_000, MatchRewards(100_050, 200_100))],
)
def test_rewards_grow_with_the_wave(wave: int, rewards: MatchRewards) -> None:
    assert match_rewards(wave) == rewards


def test_values_at_the_limits_are_plausible() -> None:
    assert implausible(score=10_000_000, duration=630, wave=10_000) == []


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"duration": 631}, "result.durationSeconds"),
        ({"score": 10_000_001}, "result.score"),
        ({"wave": 10_001}, "result.waveReached"),
    ],
)
def test_one_above_a_limit_is_implausible(values: dict[str, int], field: str) -> None:
    assert implausible(**values) == [field]


def test_every_implausible_field_is_named() -> None:
    assert len(implausible(score=2**63 - 1, duration=2**31 - 1, wave=2**31 - 1)) == 3


def test_a_match_started_in_the_future_still_has_the_tolerance() -> None:
    assert implausible(seconds_open=-5, duration=30) == []
    assert implausible(seconds_open=-5, duration=31) == ["result.durationSeconds"]


@given(seconds_open=st.floats(0, 10**6), duration=st.integers(0, 2**31 - 1))
def test_duration_is_believed_up_to_the_whole_seconds_open_and_the_tolerance(
    seconds_open: float, duration: int
) -> None:
    opened = timedelta(seconds=seconds_open)
    limit = opened.days * 86_400 + opened.seconds + 30
    assert (implausible(seconds_open=seconds_open, duration=duration) == []) == (duration <= limit)
