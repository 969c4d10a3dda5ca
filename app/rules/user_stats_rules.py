"""A user's statistics: what his events and achievements come to."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.rules.achievement_rules import EarnedLevel
from app.rules.event_rules import EventCount, GameEvent

LAST_EVENTS = 10


@dataclass(frozen=True, slots=True)
class Sums:
    """Points of events, levels earned, and their points."""

    event_points: int
    achievements_count: int
    achievement_points: int

    @property
    def score(self) -> int:
        """Points of events and of achievements together."""
        return self.event_points + self.achievement_points


@dataclass(frozen=True, slots=True)
class UserStats:
    """What a user's statistics show."""

    user_id: int
    sums: Sums
    achievements: Sequence[EarnedLevel]
    events: Sequence[EventCount]
    last_events: Sequence[GameEvent]
