"""Answers of /api/v1/progress."""

from app.schemas import SnakeAnswer, UtcTime


class ProgressView(SnakeAnswer):
    """What a player has earned so far."""

    user_id: int
    xp: int
    level: int
    soft_currency: int
    updated_at: UtcTime
