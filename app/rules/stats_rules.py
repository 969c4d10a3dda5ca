"""Daily statistics."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class DailyStatistics:
    """A player's day (UTC)."""

    day: date
    sessions_count: int
    events_count: int
    playtime_seconds: int
    wins: int
    losses: int
    score_sum: int
