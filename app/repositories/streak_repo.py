"""user_streaks: a player's streak as of his last check-in; the row that a check-in locks."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Row

from app.clock import from_nullable_column
from app.rules.streak_rules import StreakState
from app.transaction import Statement, Transaction


@dataclass(frozen=True, slots=True)
class PlayersStreak:
    """A streak and the time zone that stands in the player's profile."""

    state: StreakState
    chosen_zone: str


_COLUMNS = """
               s.user_id, s.consecutive_days, s.longest_streak, s.last_day, s.last_checkin_at, s.time_zone,
               s.latest_zone, s.freezes"""


def insert(tx: Transaction, user_id: int) -> None:
    """Give a new user his row: no check-in yet."""
    tx.execute("INSERT INTO user_streaks (user_id) VALUES (:user_id)", {"user_id": user_id})


def find(tx: Transaction, user_id: int) -> PlayersStreak | None:
    """The player's streak, unlocked."""
    row = tx.execute(
        f"""
        SELECT {_COLUMNS},
               (SELECT u.time_zone FROM users u WHERE u.id = s.user_id) AS chosen_zone
        FROM user_streaks s
        WHERE s.user_id = :user_id
        """,
        {"user_id": user_id},
    ).one_or_none()
    return PlayersStreak(_state(row), row.chosen_zone) if row else None


def lock(tx: Transaction, user_id: int) -> PlayersStreak | None:
    """Lock the player's streak; the profile is read unlocked."""
    row = tx.execute(
        f"""
        SELECT {_COLUMNS},
               (SELECT u.time_zone FROM users u WHERE u.id = s.user_id) AS chosen_zone
        FROM user_streaks s
        WHERE s.user_id = :user_id
        FOR UPDATE
        """,
        {"user_id": user_id},
    ).one_or_none()
    return PlayersStreak(_state(row), row.chosen_zone) if row else None


def lock_page(tx: Transaction, *, after_id: int, since: date, limit: int) -> list[StreakState]:
    """Lock up to `limit` streaks of users behind `after_id`, of those who have checked in on `since` or later."""
    rows = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM user_streaks s
        WHERE s.user_id > :after_id
          AND s.last_day >= :since
        ORDER BY s.user_id
        LIMIT :limit
        FOR UPDATE
        """,
        {"after_id": after_id, "since": since, "limit": limit},
    )
    return [_state(row) for row in rows]


def save(state: StreakState) -> Statement:
    """Write a locked streak."""
    return Statement(
        """
        UPDATE user_streaks
        SET consecutive_days = :consecutive_days,
            longest_streak = :longest_streak,
            last_day = :last_day,
            last_checkin_at = :last_checkin_at,
            time_zone = :time_zone,
            latest_zone = :latest_zone,
            freezes = :freezes
        WHERE user_id = :user_id
        """,
        {
            "user_id": state.user_id,
            "consecutive_days": state.consecutive_days,
            "longest_streak": state.longest_streak,
            "last_day": state.last_day,
            "last_checkin_at": state.last_checkin_at,
            "time_zone": state.time_zone,
            "latest_zone": state.latest_zone,
            "freezes": state.freezes,
        },
    )


def save_lengths(tx: Transaction, states: Sequence[StreakState]) -> None:
    """Write length, longest length and freezes of locked streaks."""
    tx.execute(
        """
        UPDATE user_streaks s
        JOIN JSON_TABLE(:states, '$[*]' COLUMNS (
            user_id BIGINT PATH '$[0]',
            consecutive_days INT PATH '$[1]',
            longest_streak INT PATH '$[2]',
            freezes INT PATH '$[3]'
        )) AS j ON j.user_id = s.user_id
        SET s.consecutive_days = j.consecutive_days,
            s.longest_streak = j.longest_streak,
            s.freezes = j.freezes
        """,
        {"states": json.dumps([[s.user_id, s.consecutive_days, s.longest_streak, s.freezes] for s in states])},
    )


def forget_zones(tx: Transaction, user_id: int) -> None:
    """Where an erased player lived is nobody's business."""
    tx.execute(
        """
        UPDATE user_streaks s
        LEFT JOIN daily_checkins c ON c.user_id = s.user_id
        SET s.time_zone = 'UTC',
            s.latest_zone = 'UTC',
            c.time_zone = 'UTC'
        WHERE s.user_id = :user_id
        """,
        {"user_id": user_id},
    )


def _state(row: Row[tuple[object, ...]]) -> StreakState:
    return StreakState(
        user_id=row.user_id,
        consecutive_days=row.consecutive_days,
        longest_streak=row.longest_streak,
        last_day=row.last_day,
        last_checkin_at=from_nullable_column(row.last_checkin_at),
        time_zone=row.time_zone,
        latest_zone=row.latest_zone,
        freezes=row.freezes,
    )
