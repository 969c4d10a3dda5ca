"""user_stats: sums of a user's events and achievements, and the version that changes with all he is shown of them."""

import json
from collections.abc import Mapping, Sequence

from app.rules.achievement_rules import Grant
from app.rules.user_stats_rules import Sums
from app.transaction import Transaction


def insert(tx: Transaction, user_id: int) -> None:
    """Give a new user his row."""
    tx.execute(
        """
        INSERT INTO user_stats (user_id)
        VALUES (:user_id)
        """,
        {"user_id": user_id},
    )


def add(
    tx: Transaction, users: Sequence[int], *, grants: Sequence[Grant], event_points: Mapping[int, int] | None = None
) -> None:
    """Add what users got to their sums, and raise the versions of all `users`, whose progress is locked."""
    granted = {grant.user_id: grant for grant in grants}
    points = event_points or {}
    rows = []
    for user_id in users:
        grant = granted.get(user_id)
        count, earned = (grant.levels, grant.points) if grant else (0, 0)
        rows.append([user_id, points.get(user_id, 0), count, earned])
    tx.execute(
        """
        INSERT INTO user_stats (user_id, version, event_points, achievements_count, achievement_points)
        SELECT a.user_id, 1, a.event_points, a.levels, a.points
        FROM JSON_TABLE(:added, '$[*]' COLUMNS (
            user_id BIGINT PATH '$[0]',
            event_points BIGINT PATH '$[1]',
            levels INT PATH '$[2]',
            points BIGINT PATH '$[3]'
        )) AS a
        ON DUPLICATE KEY UPDATE
               version = user_stats.version + 1,
               event_points = user_stats.event_points + VALUES(event_points),
               achievements_count = user_stats.achievements_count + VALUES(achievements_count),
               achievement_points = user_stats.achievement_points + VALUES(achievement_points)
        """,
        {"added": json.dumps(rows)},
    )


def find_version(tx: Transaction, user_id: int) -> str | None:
    """A text that changes with all that the user's statistics and achievements show; None if there is no such user."""
    row = tx.execute(
        """
        SELECT COALESCE(s.version, 0) AS version, c.version AS catalog_version
        FROM users u
        JOIN achievement_catalog c ON c.id = 1
        LEFT JOIN user_stats s ON s.user_id = u.id
        WHERE u.id = :user_id
        """,
        {"user_id": user_id},
    ).one_or_none()
    return f"{row.version}.{row.catalog_version}" if row else None


def get_sums(tx: Transaction, user_id: int) -> Sums:
    """The user's points and achievements; zeros for one without a row."""
    row = tx.execute(
        """
        SELECT event_points, achievements_count, achievement_points
        FROM user_stats
        WHERE user_id = :user_id
        """,
        {"user_id": user_id},
    ).one_or_none()
    return Sums(row.event_points, row.achievements_count, row.achievement_points) if row else Sums(0, 0, 0)
