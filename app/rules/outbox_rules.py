"""Events that follow a commit: how they are spread over shards, in what order they may be applied, when they die."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zlib import crc32

SHARDS = 64
FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class OutboxEvent:
    """A pending event; `attempts` counts its failures, `available_at` is when it may be tried again."""

    id: int
    event_id: bytes
    event_type: str
    event_key: str
    payload: dict[str, object]
    created_at: datetime
    attempts: int
    available_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that failed for good."""

    id: int
    event_id: bytes
    event_type: str
    event_key: str
    payload: dict[str, object]
    created_at: datetime
    attempts: int
    reason: str
    dead_at: datetime
    replayed_at: datetime | None


def shard_of(key: str) -> int:
    """The shard (0..63) of an event key; stable across processes and releases."""
    return crc32(key.encode()) % SHARDS


def applicable(events: Sequence[OutboxEvent], now: datetime) -> list[OutboxEvent]:
    """Of events in their order, those that may be applied now: an event that waits holds back its own key only."""
    held_back: set[str] = set()
    result = []
    for event in events:
        if event.available_at is not None and event.available_at > now:
            held_back.add(event.event_key)
        elif event.event_key not in held_back:
            result.append(event)
    return result


def runs(events: Sequence[OutboxEvent]) -> list[list[OutboxEvent]]:
    """Events in as few groups of one type as keep the order of each key: to be applied group by group."""
    groups: list[list[OutboxEvent]] = []
    latest_of_type: dict[str, int] = {}
    latest_of_key: dict[str, int] = {}
    for event in events:
        group = latest_of_type.get(event.event_type, -1)
        if group < latest_of_key.get(event.event_key, 0):
            group = len(groups)
            groups.append([])
            latest_of_type[event.event_type] = group
        groups[group].append(event)
        latest_of_key[event.event_key] = group
    return groups


def pause_after(attempts: int) -> timedelta:
    """How long an event waits after its n-th failure: 1 s, 2 s, 4 s ... 5 min."""
    doublings = min(attempts - 1, 20)
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)
