"""Implausible results that wait for a decision."""

from dataclasses import dataclass
from datetime import datetime

from app.rules.match_rules import MatchResult

# What a review becomes by each decision.
STATUS_AFTER = {"accept": "accepted", "dismiss": "dismissed"}


@dataclass(frozen=True, slots=True)
class Review:
    """A refused result: what was claimed, what was wrong with it, how often it was tried."""

    id: int
    match_id: int
    user_id: int
    username: str | None
    status: str
    result: MatchResult
    implausible: dict[str, str]
    attempts: int
    created_at: datetime
    decided_at: datetime | None
    decided_by: int | None
