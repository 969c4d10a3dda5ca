"""statistics_daily: counters of a player's day (UTC), `PRIMARY KEY (user_id, day)`."""

from datetime import datetime

from app.rules.match_rules import MatchResult
from app.transaction import Statement


def add_match(*, user_id: int, result: MatchResult, now: datetime) -> Statement:
    """Count a finished match on the day of the transaction; a match adds no session."""
    return Statement(
        """
        INSERT INTO statistics_daily
               (user_id, day, sessions_count, events_count, playtime_seconds, wins, losses, score_sum)
        VALUES (:user_id, :day, 0, 1, :playtime_seconds, :wins, :losses, :score)
        ON DUPLICATE KEY UPDATE
               events_count = events_count + 1,
               playtime_seconds = playtime_seconds + VALUES(playtime_seconds),
               wins = wins + VALUES(wins),
               losses = losses + VALUES(losses),
               score_sum = score_sum + VALUES(score_sum)
        """,
        {
            "user_id": user_id,
            "day": now.date(),
            "playtime_seconds": result.duration_seconds,
            "wins": int(result.is_win),
            "losses": int(not result.is_win),
            "score": result.score,
        },
    )
