"""What events and matches add up to, against what they are added up from, for a range of users."""

import json
from collections.abc import Collection

from app.repositories.verify_repo import Drift
from app.rules.outbox_rules import shard_of
from app.transaction import Transaction


def find_counter_drift(tx: Transaction, *, after_id: int, last_id: int) -> list[Drift]:
    """user_event_counters against game_events."""
    rows = tx.execute(
        """
        SELECT both_sides.user_id, both_sides.event_type, SUM(both_sides.events) AS events,
               SUM(both_sides.points) AS points
        FROM (
            SELECT user_id, event_type, events, points
            FROM user_event_counters
            WHERE user_id > :after_id AND user_id <= :last_id
            UNION ALL
            SELECT user_id, event_type, -COUNT(*), -SUM(points)
            FROM game_events
            WHERE user_id > :after_id AND user_id <= :last_id AND points IS NOT NULL
            GROUP BY user_id, event_type
        ) AS both_sides
        GROUP BY both_sides.user_id, both_sides.event_type
        HAVING SUM(both_sides.events) <> 0 OR SUM(both_sides.points) <> 0
        """,
        {"after_id": after_id, "last_id": last_id},
    )
    return [
        Drift(
            "user_event_counters",
            row.user_id,
            row.event_type,
            {"events": int(row.events), "points": int(row.points)},
        )
        for row in rows
    ]


def find_metric_drift(tx: Transaction, *, after_id: int, last_id: int) -> list[Drift]:
    """user_metrics of events and matches against the counters of events and the finished matches."""
    rows = tx.execute(
        """
        SELECT both_sides.user_id, both_sides.metric, SUM(both_sides.total) AS total, SUM(both_sides.best) AS best
        FROM (
            SELECT user_id, metric, total, best
            FROM user_metrics
            WHERE user_id > :after_id AND user_id <= :last_id
              AND metric NOT IN ('DAILY_LOGIN', 'PLAYTIME_SECONDS')
            UNION ALL
            SELECT c.user_id, t.metric, -c.events, 0
            FROM user_event_counters c
            JOIN event_types t ON t.code = c.event_type
            WHERE c.user_id > :after_id AND c.user_id <= :last_id
            UNION ALL
            SELECT user_id, 'MATCH_FINISH', -1, 0
            FROM matches
            WHERE user_id > :after_id AND user_id <= :last_id AND status = 'finished'
            UNION ALL
            SELECT user_id, 'MATCH_WIN', -1, 0
            FROM matches
            WHERE user_id > :after_id AND user_id <= :last_id AND status = 'finished' AND is_win
            UNION ALL
            SELECT user_id, 'BEST_SCORE', 0, -MAX(score)
            FROM matches
            WHERE user_id > :after_id AND user_id <= :last_id AND status = 'finished'
            GROUP BY user_id
            UNION ALL
            SELECT user_id, 'BEST_WAVE', 0, -MAX(wave_reached)
            FROM matches
            WHERE user_id > :after_id AND user_id <= :last_id AND status = 'finished'
            GROUP BY user_id
        ) AS both_sides
        GROUP BY both_sides.user_id, both_sides.metric
        HAVING SUM(both_sides.total) <> 0 OR SUM(both_sides.best) <> 0
        """,
        {"after_id": after_id, "last_id": last_id},
    )
    return [
        Drift("user_metrics", row.user_id, row.metric, {"total": int(row.total), "best": int(row.best)}) for row in rows
    ]


def find_user_stats_drift(tx: Transaction, *, after_id: int, last_id: int) -> list[Drift]:
    """user_stats against the points of events and the levels earned."""
    rows = tx.execute(
        """
        SELECT both_sides.user_id, SUM(both_sides.event_points) AS event_points,
               SUM(both_sides.achievements_count) AS achievements_count,
               SUM(both_sides.achievement_points) AS achievement_points
        FROM (
            SELECT user_id, event_points, achievements_count, achievement_points
            FROM user_stats
            WHERE user_id > :after_id AND user_id <= :last_id
            UNION ALL
            SELECT user_id, -points, 0, 0
            FROM user_event_counters
            WHERE user_id > :after_id AND user_id <= :last_id
            UNION ALL
            SELECT user_id, 0, -1, -points
            FROM user_achievement_rewards
            WHERE user_id > :after_id AND user_id <= :last_id
        ) AS both_sides
        GROUP BY both_sides.user_id
        HAVING SUM(both_sides.event_points) <> 0 OR SUM(both_sides.achievements_count) <> 0
            OR SUM(both_sides.achievement_points) <> 0
        """,
        {"after_id": after_id, "last_id": last_id},
    )
    figures = ("event_points", "achievements_count", "achievement_points")
    return [Drift("user_stats", row.user_id, "", {name: int(getattr(row, name)) for name in figures}) for row in rows]


def find_notice_drift(tx: Transaction, *, after_id: int, last_id: int) -> list[Drift]:
    """Notices of achievements against the levels earned: one each."""
    rows = tx.execute(
        """
        SELECT both_sides.user_id, SUM(both_sides.notices) AS notices
        FROM (
            SELECT user_id, 1 AS notices
            FROM notifications
            WHERE user_id > :after_id AND user_id <= :last_id AND kind = 'achievement'
            UNION ALL
            SELECT user_id, -1
            FROM user_achievement_rewards
            WHERE user_id > :after_id AND user_id <= :last_id
        ) AS both_sides
        GROUP BY both_sides.user_id
        HAVING SUM(both_sides.notices) <> 0
        """,
        {"after_id": after_id, "last_id": last_id},
    )
    return [Drift("notifications", row.user_id, "achievement", {"notices": int(row.notices)}) for row in rows]


def list_in_motion(tx: Transaction, users: Collection[int]) -> set[int]:
    """Those of the users of whom something waits in the outbox, so that their counters are not final."""
    keys = [[shard_of(str(user_id)), str(user_id)] for user_id in users]
    rows = tx.execute(
        """
        SELECT DISTINCT o.event_key
        FROM JSON_TABLE(:keys, '$[*]' COLUMNS (
            shard TINYINT UNSIGNED PATH '$[0]',
            event_key VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$[1]'
        )) AS k
        JOIN outbox o ON o.shard = k.shard AND o.done_at IS NULL AND o.event_key = k.event_key
        """,
        {"keys": json.dumps(keys)},
    )
    return {int(row.event_key) for row in rows}
