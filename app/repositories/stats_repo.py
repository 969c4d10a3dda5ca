"""statistics_daily: counters of a player's day (UTC), `PRIMARY KEY (user_id, day)`."""

from datetime import date, datetime

from app.rules.match_rules import MatchResult
from app.rules.stats_rules import DailyStatistics
from app.transaction import Statement, Transaction


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


def take_back_match(*, user_id: int, result: MatchResult, finished_at: datetime) -> Statement:
    """Uncount a voided match on the day it was finished."""
    return Statement(
        """
        UPDATE statistics_daily
        SET events_count = events_count - 1,
            playtime_seconds = playtime_seconds - :playtime_seconds,
            wins = wins - :wins,
            losses = losses - :losses,
            score_sum = score_sum - :score
        WHERE user_id = :user_id
          AND day = :day
        """,
        {
            "user_id": user_id,
            "day": finished_at.date(),
            "playtime_seconds": result.duration_seconds,
            "wins": int(result.is_win),
            "losses": int(not result.is_win),
            "score": result.score,
        },
    )


def list_days(tx: Transaction, *, user_id: int, first: date, last: date) -> list[DailyStatistics]:
    """The player's days from `first` to `last`, both included, oldest first; days without a row are left out."""
    rows = tx.execute(
        """
        SELECT day, sessions_count, events_count, playtime_seconds, wins, losses, score_sum
        FROM statistics_daily
        WHERE user_id = :user_id
          AND day >= :first
          AND day <= :last
        ORDER BY day
        """,
        {"user_id": user_id, "first": first, "last": last},
    )
    return [
        DailyStatistics(
            day=row.day,
            sessions_count=row.sessions_count,
            events_count=row.events_count,
            playtime_seconds=row.playtime_seconds,
            wins=row.wins,
            losses=row.losses,
            score_sum=int(row.score_sum),
        )
        for row in rows
    ]
