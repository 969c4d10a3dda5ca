from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from app.rules.outbox_rules import SHARDS, OutboxEvent, applicable, pause_after, runs, shard_of


def test_the_shard_of_a_key_is_the_same_in_every_process_and_release() -> None:
    assert [shard_of("1"), shard_of("15"), shard_of("987654321")] == [55, 46, 1]


def test_keys_spread_over_all_shards() -> None:
    counts = Counter(shard_of(str(user_id)) for user_id in range(64_000))
    assert set(counts) == set(range(SHARDS))
    assert max(counts.values()) < 1_500


NOW = datetime(2026, 11, 21, tzinfo=UTC)


def event(number: int, key: str, waits_seconds: int | None = None) -> OutboxEvent:
    available_at = None if waits_seconds is None else NOW + timedelta(seconds=waits_seconds)
    return OutboxEvent(number, b"", "t", key, {}, NOW, attempts=0, available_at=available_at)


def test_an_event_that_waits_holds_back_its_own_key_only() -> None:
    events = [event(1, "a"), event(2, "a", 5), event(3, "b"), event(4, "a"), event(5, "b", -1), event(6, "b", 0)]
    assert [found.id for found in applicable(events, NOW)] == [1, 3, 5, 6]


def test_pauses_grow_to_five_minutes() -> None:
    assert [pause_after(attempts).total_seconds() for attempts in (1, 2, 3, 4, 9, 10, 1000)] == [
        1,
        2,
        4,
        8,
        256,
        300,
        300,
    ]


def test_runs_are_few_and_keep_the_order_of_each_key() -> None:
    told = ["a x", "b y", "a x", "b x", "a y", "c x"]
    events = [replace(event(number, text[0]), event_type=text[2]) for number, text in enumerate(told)]
    assert [[one.id for one in run] for run in runs(events)] == [[0, 2], [1, 4], [3, 5]]
