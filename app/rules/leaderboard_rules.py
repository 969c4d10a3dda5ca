"""Leaderboards: the best score of a season counts, the earlier of two equal ones ranks higher."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class BestScore:
    """A player's best score of a season and when he first had it."""

    score: int
    achieved_at: datetime
