"""A player's standing, and the level that xp makes."""

from dataclasses import dataclass
from datetime import datetime
from math import isqrt


@dataclass(frozen=True, slots=True)
class Progress:
    """A player's standing. `soft_currency` may be below zero after a void."""

    user_id: int
    xp: int
    level: int
    soft_currency: int
    updated_at: datetime


def level_for_xp(xp: int) -> int:
    """`1 + floor(sqrt(xp / 100))`, in whole numbers; below 0 xp it is 1."""
    return 1 + isqrt(max(xp, 0) // 100)
