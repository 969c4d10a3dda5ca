"""What a client's event may carry, and how events add up."""

import pytest

from app.rules.event_rules import CountedEvent, EventCount, check_details, count_events, metric_of


def test_events_add_up_by_user_and_type_with_what_each_was_worth() -> None:
    events = [
        CountedEvent(2, "login", 5, "LOGIN"),
        CountedEvent(1, "find_secret", 50, "FIND_SECRET"),
        CountedEvent(2, "login", 7, "LOGIN"),
        CountedEvent(2, "find_secret", 50, "FIND_SECRET"),
    ]
    assert count_events(events) == [
        EventCount(1, "find_secret", 1, 50),
        EventCount(2, "find_secret", 1, 50),
        EventCount(2, "login", 2, 12),
    ]


@pytest.mark.parametrize(
    "details",
    [{}, {"a": 2**63 - 1}, {"a": -(2**63) + 1}, {"a": [True, None, 1.5]}, {"t": "x" * 1016}, {"t": "ж" * 508}],
)
def test_details_that_a_column_can_hold(details: dict[str, object]) -> None:
    assert check_details(details) == details


@pytest.mark.parametrize(
    "details",
    [
        {"a": 2**63},
        {"a": [{"b": -(2**63)}]},
        {"a": float("nan")},
        {"a": {"b": [float("-inf")]}},
        {"t": "x" * 1017},
        {"t": "ж" * 509},
        {"t": "\n" * 509},
    ],
)
def test_details_that_are_too_long_or_hold_a_number_beyond_the_columns(details: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="required"):
        check_details(details)


def test_a_metric_is_named_after_its_event_type() -> None:
    assert (metric_of("boss_kill"), metric_of("boss-kill")) == ("BOSS_KILL", "BOSS_KILL")
