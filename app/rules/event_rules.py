"""Events that clients tell: what may be one and what its details may be (contract, "System 2")."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

MATCH_FINISH = "match_finish"  # the settlement of a match, which has doors of its own
MAX_DETAILS_BYTES = 1024
MAX_INT = 2**63 - 1


@dataclass(frozen=True, slots=True)
class EventType:
    """A kind of event: what it is worth and which metric it raises by one."""

    code: str
    metric: str
    points: int
    retired: bool


@dataclass(frozen=True, slots=True)
class GameEvent:
    """What happened to a user; `points` is None for what no client told, such as a settled match."""

    id: int
    user_id: int
    event_type: str
    details: dict[str, object] | None
    points: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CountedEvent:
    """An event as it is counted: what it was worth when it happened and the metric it raises."""

    user_id: int
    event_type: str
    points: int
    metric: str


@dataclass(frozen=True, slots=True)
class EventCount:
    """Events of one type of one user, and their points."""

    user_id: int
    event_type: str
    events: int
    points: int


def count_events(events: Iterable[CountedEvent]) -> list[EventCount]:
    """How many events of each type each user has, in the order of users and types."""
    counts: dict[tuple[int, str], tuple[int, int]] = {}
    for event in events:
        number, points = counts.get((event.user_id, event.event_type), (0, 0))
        counts[event.user_id, event.event_type] = (number + 1, points + event.points)
    return [EventCount(*key, *counts[key]) for key in sorted(counts)]


def metric_of(code: str) -> str:
    """The metric of an event type that names none: `boss-kill` raises BOSS_KILL."""
    return code.upper().replace("-", "_")


def check_details(details: dict[str, object]) -> dict[str, object]:
    """The details as they are. Raises ValueError for what is too long or holds a number that no column can."""
    if not _holds_only_storable_numbers(details):
        raise ValueError("numbers within 64 bits required")
    if len(json.dumps(details, ensure_ascii=False, separators=(",", ":")).encode()) > MAX_DETAILS_BYTES:
        raise ValueError(f"at most {MAX_DETAILS_BYTES} bytes of JSON required")
    return details


def _holds_only_storable_numbers(value: object) -> bool:
    if isinstance(value, dict):
        return all(map(_holds_only_storable_numbers, value.values()))
    if isinstance(value, list):
        return all(map(_holds_only_storable_numbers, value))
    if isinstance(value, float):
        return abs(value) < float("inf")  # NaN is not less either
    return not isinstance(value, int) or -MAX_INT <= value <= MAX_INT
