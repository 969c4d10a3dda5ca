"""Streaks against the check-ins they come from, for a range of users."""

from app.repositories.verify_repo import Drift
from app.transaction import Transaction


def find_streak_drift(tx: Transaction, *, after_id: int, last_id: int) -> list[Drift]:
    """user_streaks against the last and the longest of each player's check-ins."""
    rows = tx.execute(
        """
        SELECT s.user_id,
               s.consecutive_days - COALESCE(l.consecutive_days, 0) AS consecutive_days,
               s.longest_streak - COALESCE(c.longest_streak, 0) AS longest_streak,
               s.freezes - COALESCE(l.freezes, 0) AS freezes,
               COALESCE(DATEDIFF(s.last_day, c.last_day), (s.last_day IS NOT NULL) - (c.last_day IS NOT NULL))
                   AS last_day
        FROM user_streaks s
        LEFT JOIN (
            SELECT user_id, MAX(day) AS last_day, MAX(consecutive_days) AS longest_streak
            FROM daily_checkins
            WHERE user_id > :after_id AND user_id <= :last_id
            GROUP BY user_id
        ) AS c ON c.user_id = s.user_id
        LEFT JOIN daily_checkins l ON l.user_id = c.user_id AND l.day = c.last_day
        WHERE s.user_id > :after_id AND s.user_id <= :last_id
        HAVING consecutive_days <> 0 OR longest_streak < 0 OR freezes <> 0 OR last_day <> 0
        """,
        {"after_id": after_id, "last_id": last_id},
    )
    figures = ("consecutive_days", "longest_streak", "freezes", "last_day")
    return [Drift("user_streaks", row.user_id, "", {name: int(getattr(row, name)) for name in figures}) for row in rows]


def find_checkin_drift(tx: Transaction, *, after_id: int, last_id: int) -> list[Drift]:
    """Each check-in against the one before it: a day more if it follows that one or the days between are bridged."""
    rows = tx.execute(
        """
        SELECT chain.user_id, chain.day, chain.difference
        FROM (
            SELECT user_id, day,
                   CAST(consecutive_days AS SIGNED) - IF(
                       DATEDIFF(day, LAG(day) OVER players) = 1 + bridged_days,
                       LAG(consecutive_days) OVER players + 1,
                       1
                   ) AS difference
            FROM daily_checkins
            WHERE user_id > :after_id AND user_id <= :last_id
            WINDOW players AS (PARTITION BY user_id ORDER BY day)
        ) AS chain
        WHERE chain.difference <> 0
        """,
        {"after_id": after_id, "last_id": last_id},
    )
    return [
        Drift("daily_checkins", row.user_id, str(row.day), {"consecutive_days": int(row.difference)}) for row in rows
    ]


def find_login_drift(tx: Transaction, *, after_id: int, last_id: int) -> list[Drift]:
    """The metric DAILY_LOGIN in user_metrics against the number of check-ins and the longest streak."""
    rows = tx.execute(
        """
        SELECT both_sides.user_id, SUM(both_sides.total) AS total, SUM(both_sides.best) AS best
        FROM (
            SELECT user_id, total, best
            FROM user_metrics
            WHERE user_id > :after_id AND user_id <= :last_id AND metric = 'DAILY_LOGIN'
            UNION ALL
            SELECT user_id, 0, -longest_streak
            FROM user_streaks
            WHERE user_id > :after_id AND user_id <= :last_id
            UNION ALL
            SELECT user_id, -1, 0
            FROM daily_checkins
            WHERE user_id > :after_id AND user_id <= :last_id
        ) AS both_sides
        GROUP BY both_sides.user_id
        HAVING SUM(both_sides.total) <> 0 OR SUM(both_sides.best) <> 0
        """,
        {"after_id": after_id, "last_id": last_id},
    )
    return [
        Drift("user_metrics", row.user_id, "DAILY_LOGIN", {"total": int(row.total), "best": int(row.best)})
        for row in rows
    ]
