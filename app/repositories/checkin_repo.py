"""daily_checkins: the settlement row of a player's day; what it paid never changes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.clock import from_column
from app.rules.streak_rules import CheckIn, StreakTerms
from app.transaction import Statement, Transaction


@dataclass(frozen=True, slots=True)
class Pay:
    """What a check-in paid for the day itself."""

    xp: int
    soft_currency: int


def insert(checkin: CheckIn, terms: StreakTerms) -> Statement:
    """Settle a day."""
    return Statement(
        """
        INSERT INTO daily_checkins
               (user_id, day, checked_in_at, time_zone, consecutive_days, bridged_days, zone_days, freezes,
                xp_granted, soft_currency_granted)
        VALUES (:user_id, :day, :checked_in_at, :time_zone, :consecutive_days, :bridged_days, :zone_days, :freezes,
                :xp, :soft_currency)
        """,
        {
            "user_id": checkin.user_id,
            "day": checkin.day,
            "checked_in_at": checkin.checked_in_at,
            "time_zone": checkin.time_zone,
            "consecutive_days": checkin.consecutive_days,
            "bridged_days": checkin.bridged_days,
            "zone_days": checkin.zone_days,
            "freezes": checkin.freezes,
            "xp": terms.xp,
            "soft_currency": terms.soft_currency,
        },
    )


def find_pay(tx: Transaction, *, user_id: int, day: date) -> Pay | None:
    """What the day paid; None if it was not checked in."""
    row = tx.execute(
        """
        SELECT xp_granted, soft_currency_granted
        FROM daily_checkins
        WHERE user_id = :user_id
          AND day = :day
        """,
        {"user_id": user_id, "day": day},
    ).one_or_none()
    return Pay(row.xp_granted, row.soft_currency_granted) if row else None


def list_since(tx: Transaction, users: Sequence[int], *, day: date) -> list[CheckIn]:
    """The users' check-ins from the last one before `day` on, by user and day."""
    rows = tx.execute(
        """
        SELECT c.user_id, c.day, c.checked_in_at, c.time_zone, c.consecutive_days, c.bridged_days, c.zone_days,
               c.freezes
        FROM (
            SELECT j.user_id,
                   (SELECT MAX(b.day) FROM daily_checkins b WHERE b.user_id = j.user_id AND b.day < :day) AS first_day
            FROM JSON_TABLE(:users, '$[*]' COLUMNS (user_id BIGINT PATH '$')) AS j
        ) AS u
        STRAIGHT_JOIN daily_checkins c
          ON c.user_id = u.user_id AND c.day >= COALESCE(u.first_day, :day)
        ORDER BY c.user_id, c.day
        """,
        {"users": json.dumps(users), "day": day},
    )
    return [
        CheckIn(
            user_id=row.user_id,
            day=row.day,
            checked_in_at=from_column(row.checked_in_at),
            time_zone=row.time_zone,
            consecutive_days=row.consecutive_days,
            bridged_days=row.bridged_days,
            zone_days=row.zone_days,
            freezes=row.freezes,
        )
        for row in rows
    ]


def rewrite(tx: Transaction, checkins: Sequence[CheckIn]) -> None:
    """Write the streak that check-ins made, anew, under the locks of their users' streaks."""
    tx.execute(
        """
        UPDATE JSON_TABLE(:checkins, '$[*]' COLUMNS (
            user_id BIGINT PATH '$[0]',
            day DATE PATH '$[1]',
            consecutive_days INT PATH '$[2]',
            bridged_days INT PATH '$[3]',
            freezes INT PATH '$[4]'
        )) AS j
        STRAIGHT_JOIN daily_checkins c ON c.user_id = j.user_id AND c.day = j.day
        SET c.consecutive_days = j.consecutive_days,
            c.bridged_days = j.bridged_days,
            c.freezes = j.freezes
        """,
        {
            "checkins": json.dumps(
                [[c.user_id, c.day.isoformat(), c.consecutive_days, c.bridged_days, c.freezes] for c in checkins]
            )
        },
    )
