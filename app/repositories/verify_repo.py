"""Derived tables against their sources, for a range of users: progress, daily statistics, leaderboards.

Each statement adds up what a table says and subtracts what its sources say; what is left over is drift.
"""

from dataclasses import dataclass

from app.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Drift:
    """A derived row that does not equal its sources; `difference` is table minus sources, figure by figure.

    `mended` if it was written anew and equals them now.
    """

    table: str
    user_id: int
    row: str
    difference: dict[str, int]
    mended: bool = False


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
    """player_progress against reward_ledger, and its level against its own xp."""
    rows = tx.execute(
        """
        SELECT both_sides.user_id, SUM(both_sides.xp) AS xp, SUM(both_sides.soft_currency) AS soft_currency,
               SUM(both_sides.level) AS level
        FROM (
            SELECT user_id, xp, soft_currency,
                   level - 1 - FLOOR(SQRT(GREATEST(xp, 0) DIV 100)) AS level
            FROM player_progress
            WHERE user_id > :after_id AND user_id <= :last_id
            UNION ALL
            SELECT user_id, -xp, -soft_currency, 0
            FROM reward_ledger
            WHERE user_id > :after_id AND user_id <= :last_id
        ) AS both_sides
        GROUP BY both_sides.user_id
        HAVING SUM(both_sides.xp) <> 0 OR SUM(both_sides.soft_currency) <> 0 OR SUM(both_sides.level) <> 0
        """,
        {"after_id": after_id, "last_id": last_id},
    )
    return [
        Drift(
            "player_progress",
            row.user_id,
            "",
            {"xp": int(row.xp), "soft_currency": int(row.soft_currency), "level": int(row.level)},
        )
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
    """leaderboard_scores against the best finished match of each board and season, of equal ones the earliest."""
    rows = tx.execute(
        """
        SELECT both_sides.user_id, both_sides.board_code, both_sides.season, SUM(both_sides.score) AS score,
               SUM(both_sides.entries) AS entries, SUM(both_sides.milliseconds) AS milliseconds
        FROM (
            SELECT s.user_id, s.board_code, s.season, CAST(s.score AS DECIMAL(30)) AS score, 1 AS entries,
                   TIMESTAMPDIFF(MICROSECOND, '2000-01-01', s.achieved_at) DIV 1000 AS milliseconds
            FROM player_progress p
            JOIN leaderboard_seasons l
            JOIN leaderboard_scores s
              ON s.board_code = l.board_code AND s.season = l.season AND s.user_id = p.user_id
            WHERE p.user_id > :after_id AND p.user_id <= :last_id
            UNION ALL
            SELECT best.user_id, best.board_code, best.season, -CAST(best.score AS DECIMAL(30)), -1,
                   -(TIMESTAMPDIFF(MICROSECOND, '2000-01-01', best.finished_at) DIV 1000)
            FROM (
                SELECT user_id, board_code, season, score, finished_at,
                       ROW_NUMBER() OVER (
                           PARTITION BY user_id, board_code, season ORDER BY score DESC, finished_at
                       ) AS nth
                FROM matches
                WHERE user_id > :after_id AND user_id <= :last_id AND status = 'finished'
            ) AS best
            WHERE best.nth = 1
        ) AS both_sides
        GROUP BY both_sides.user_id, both_sides.board_code, both_sides.season
        HAVING SUM(both_sides.score) <> 0 OR SUM(both_sides.entries) <> 0 OR SUM(both_sides.milliseconds) <> 0
        """,
        {"after_id": after_id, "last_id": last_id},
    )
    return [
        Drift(
            "leaderboard_scores",
            row.user_id,
            f"{row.board_code} season {row.season}",
            {"score": int(row.score), "entries": int(row.entries)}
            | ({"achieved_at_ms": int(row.milliseconds)} if row.milliseconds and not row.entries else {}),
        )
        for row in rows
    ]


def find_hidden_drift(tx: Transaction, *, after_id: int, last_id: int) -> list[Drift]:
    """Whether the boards hide exactly who is not active; the users of whom the outbox still holds a change excepted."""
    rows = tx.execute(
        """
        SELECT p.user_id,
               p.board_hidden - COALESCE(u.status <> 'active', 1) AS progress_differs,
               MAX(s.hidden <> p.board_hidden) AS scores_differ
        FROM player_progress p
        LEFT JOIN users u ON u.id = p.user_id
        LEFT JOIN leaderboard_seasons l ON TRUE
        LEFT JOIN leaderboard_scores s
               ON s.board_code = l.board_code AND s.season = l.season AND s.user_id = p.user_id
        WHERE p.user_id > :after_id AND p.user_id <= :last_id
        GROUP BY p.user_id, p.board_hidden, u.status
        HAVING progress_differs <> 0 OR scores_differ <> 0
        """,
        {"after_id": after_id, "last_id": last_id},
    )
    return [
        Drift("leaderboard_scores", row.user_id, "hidden", {"hidden": int(row.progress_differs) or 1}) for row in rows
    ]
