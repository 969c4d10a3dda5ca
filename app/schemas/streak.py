"""Answers of /api/v1/checkin."""

from datetime import date
from typing import Annotated

from pydantic import Field

from app.schemas import SnakeAnswer, UtcTime


class CheckinRewards(SnakeAnswer):
    """What today's check-in gave: the day and the tiers together. Nothing on a repeat."""

    xp: int
    soft_currency: int


class UnlockedTier(SnakeAnswer):
    """A level that the check-in has unlocked."""

    group: Annotated[str, Field(examples=["daily_streak"])]
    tier: Annotated[int | str, Field(examples=["bronze"])]
    threshold: int


class NextTier(SnakeAnswer):
    """The next tier above the longest streak, and what it pays."""

    tier: Annotated[int | str, Field(examples=["bronze"])]
    threshold: int
    xp: int
    soft_currency: int


class CheckinView(SnakeAnswer):
    """The streak after a check-in, or as it stands. `date` is the player's own day, it ends at `day_ends_at`."""

    date: date
    consecutive_days: int
    longest_streak: int
    already_checked_in: bool
    next_tier: NextTier | None
    rewards: CheckinRewards
    unlocked: list[UnlockedTier]
    day_ends_at: UtcTime
    freezes: int
