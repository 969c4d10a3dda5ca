"""Derived tables against their sources, for a range of users: progress, daily statistics, leaderboards.

Each statement adds up what a table says and subtracts what its sources say; what is left over is drift.
"""

from dataclasses import dataclass

from app.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Drift:
    """A derived row that does not equal its sources; `difference` is table minus sources, figure by figure."""

    table: str
    user_id: int
    row: str
    difference: dict[str, int]


def last_user_of_page(tx: Transaction, *, after_id: int, users: int) -> int | None:
    """The id of the last of the next `users` players; None behind the last one."""
    row = tx.execute(
        """
        SELECT MAX(page.user_id) AS last_id
        FROM (
            SELECT user_id
            FROM player_progress
            WHERE user_id > :after_id
            ORDER BY user_id
            LIMIT :users
        ) AS page
        """,
        {"after_id": after_id, "users": users},
    ).one()
    return None if row.last_id is None else int(row.last_id)


def find_progress_drift(tx: Transaction, *, after_id: int, last_id: int) -> list[Drift]:
    """player_progress against reward_ledger."""
    rows = tx.execute(
        """
        SELECT both_sides.user_id, SUM(both_sides.xp) AS xp, SUM(both_sides.soft_currency) AS soft_currency
        FROM (
            SELECT user_id, xp, soft_currency
            FROM player_progress
            WHERE user_id > :after_id AND user_id <= :last_id
            UNION ALL
            SELECT user_id, -xp, -soft_currency
            FROM reward_ledger
            WHERE user_id > :after_id AND user_id <= :last_id
        ) AS both_sides
        GROUP BY both_sides.user_id
        HAVING SUM(both_sides.xp) <> 0 OR SUM(both_sides.soft_currency) <> 0
        """,
        {"after_id": after_id, "last_id": last_id},
    )
    return [
        Drift("player_progress", row.user_id, "", {"xp": int(row.xp), "soft_currency": int(row.soft_currency)})
        for row in rows
    ]


def find_statistics_drift(tx: Transaction, *, after_id: int, last_id: int) -> list[Drift]:
    """statistics_daily against the finished matches of each day (UTC)."""
    rows = tx.execute(
        """
        SELECT both_sides.user_id, both_sides.day,
               SUM(both_sides.events_count) AS events_count, SUM(both_sides.playtime_seconds) AS playtime_seconds,
               SUM(both_sides.wins) AS wins, SUM(both_sides.losses) AS losses, SUM(both_sides.score_sum) AS score_sum
        FROM (
            SELECT user_id, day, events_count, playtime_seconds, wins, losses, score_sum
            FROM statistics_daily
            WHERE user_id > :after_id AND user_id <= :last_id
            UNION ALL
            SELECT user_id, DATE(finished_at), -1, -duration_seconds, -is_win, is_win - 1, -CAST(score AS DECIMAL(30))
            FROM matches
            WHERE user_id > :after_id AND user_id <= :last_id AND status = 'finished'
        ) AS both_sides
        GROUP BY both_sides.user_id, both_sides.day
        HAVING SUM(both_sides.events_count) <> 0 OR SUM(both_sides.playtime_seconds) <> 0
            OR SUM(both_sides.wins) <> 0 OR SUM(both_sides.losses) <> 0 OR SUM(both_sides.score_sum) <> 0
        """,
        {"after_id": after_id, "last_id": last_id},
    )
    figures = ("events_count", "playtime_seconds", "wins", "losses", "score_sum")
    return [
        Drift("statistics_daily", row.user_id, str(row.day), {name: int(getattr(row, name)) for name in figures})
        for row in rows
    ]


def find_leaderboard_drift(tx: Transaction, *, after_id: int, last_id: int) -> list[Drift]:
    """leaderboard_scores against the best finished match of each board and season."""
    rows = tx.execute(
        """
        SELECT both_sides.user_id, both_sides.board_code, both_sides.season, SUM(both_sides.score) AS score,
               SUM(both_sides.entries) AS entries
        FROM (
            SELECT s.user_id, s.board_code, s.season, CAST(s.score AS DECIMAL(30)) AS score, 1 AS entries
            FROM player_progress p
            JOIN leaderboards l
            JOIN leaderboard_scores s
              ON s.board_code = l.board_code AND s.season <= l.season AND s.user_id = p.user_id
            WHERE p.user_id > :after_id AND p.user_id <= :last_id
            UNION ALL
            SELECT user_id, board_code, season, -CAST(MAX(score) AS DECIMAL(30)), -1
            FROM matches
            WHERE user_id > :after_id AND user_id <= :last_id AND status = 'finished'
            GROUP BY user_id, board_code, season
        ) AS both_sides
        GROUP BY both_sides.user_id, both_sides.board_code, both_sides.season
        HAVING SUM(both_sides.score) <> 0 OR SUM(both_sides.entries) <> 0
        """,
        {"after_id": after_id, "last_id": last_id},
    )
    return [
        Drift(
            "leaderboard_scores",
            row.user_id,
            f"{row.board_code} season {row.season}",
            {"score": int(row.score), "entries": int(row.entries)},
        )
        for row in rows
    ]
