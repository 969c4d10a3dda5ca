"""user_achievement_rewards: the levels users have and what each paid; one row per user, group and tier, for good."""

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row

from app.clock import from_column
from app.rules.achievement_rules import EarnedLevel, UnlockedLevel
from app.transaction import Transaction


def insert_reached(tx: Transaction, touched: Sequence[tuple[int, str]], *, type_id: int | None, batch_id: bytes) -> int:
    """Give users every level of their touched metrics (user id, metric) that they have reached and do not have yet.

    `type_id` leaves out all other types.

    Marks the new rows with `batch_id`; what is there already stays as it is. Returns 0 if there was nothing to give.
    """
    return tx.execute(
        """
        INSERT INTO user_achievement_rewards
               (user_id, group_code, tier, version, threshold, xp, soft_currency, points, batch_id, earned_at)
        SELECT STRAIGHT_JOIN
               m.user_id, t.code, l.tier, t.version, l.threshold, l.xp, l.soft_currency, l.points, :batch_id, :now
        FROM JSON_TABLE(:touched, '$[*]' COLUMNS (
            user_id BIGINT PATH '$[0]',
            metric VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$[1]'
        )) AS i
        JOIN user_metrics m FORCE INDEX (PRIMARY) ON m.user_id = i.user_id AND m.metric = i.metric
        JOIN achievement_types t
          ON t.metric = m.metric AND t.retired_at IS NULL AND t.id = COALESCE(:type_id, t.id)
        JOIN achievement_levels l
          ON l.type_id = t.id AND l.version = t.version AND l.threshold <= IF(t.combine = 'sum', m.total, m.best)
        LEFT JOIN user_achievement_rewards r FORCE INDEX (PRIMARY)
          ON r.user_id = m.user_id AND r.group_code = t.code AND r.tier = l.tier
        WHERE r.user_id IS NULL
        ON DUPLICATE KEY UPDATE batch_id = user_achievement_rewards.batch_id
        """,
        {"touched": json.dumps(touched), "type_id": type_id, "batch_id": batch_id, "now": tx.now},
    ).rowcount


def list_of_batch(tx: Transaction, users: Sequence[int], *, batch_id: bytes) -> list[UnlockedLevel]:
    """What a batch really gave to these users, by user, group and threshold."""
    rows = tx.execute(
        """
        SELECT STRAIGHT_JOIN r.user_id, r.group_code, r.tier, t.name, r.threshold, r.xp, r.soft_currency, r.points
        FROM JSON_TABLE(:users, '$[*]' COLUMNS (user_id BIGINT PATH '$')) AS u
        JOIN user_achievement_rewards r FORCE INDEX (PRIMARY) ON r.user_id = u.user_id
        JOIN achievement_types t ON t.code = r.group_code
        WHERE r.batch_id = :batch_id
        ORDER BY r.user_id, r.group_code, r.threshold
        """,
        {"users": json.dumps(users), "batch_id": batch_id},
    )
    return [_unlocked(row) for row in rows]


def list_of_user(tx: Transaction, user_id: int) -> list[EarnedLevel]:
    """Every level the user has, the latest first."""
    rows = tx.execute(
        """
        SELECT r.group_code, t.name, t.description, r.tier, r.threshold, r.xp, r.soft_currency, r.points, r.earned_at
        FROM user_achievement_rewards r
        JOIN achievement_types t ON t.code = r.group_code
        WHERE r.user_id = :user_id
        ORDER BY r.id DESC
        """,
        {"user_id": user_id},
    )
    return [
        EarnedLevel(
            code=row.group_code,
            name=row.name,
            description=row.description,
            tier=row.tier,
            threshold=row.threshold,
            xp=row.xp,
            soft_currency=row.soft_currency,
            points=row.points,
            earned_at=from_column(row.earned_at),
        )
        for row in rows
    ]


def list_earned_at(tx: Transaction, *, user_id: int, metric: str, earned_at: datetime) -> list[UnlockedLevel]:
    """What one raise of a metric gave to a user, found by its time."""
    rows = tx.execute(
        """
        SELECT r.user_id, r.group_code, r.tier, t.name, r.threshold, r.xp, r.soft_currency, r.points
        FROM user_achievement_rewards r
        JOIN achievement_types t ON t.code = r.group_code
        WHERE r.user_id = :user_id
          AND r.earned_at = :earned_at
          AND t.metric = :metric
        ORDER BY r.group_code, r.threshold
        """,
        {"user_id": user_id, "metric": metric, "earned_at": earned_at},
    )
    return [_unlocked(row) for row in rows]


def list_due(tx: Transaction, type_id: int, *, after_id: int, last_id: int) -> list[UnlockedLevel]:
    """The levels of a type that users of a range of ids have reached and do not have, by user and threshold."""
    rows = tx.execute(
        """
        SELECT STRAIGHT_JOIN
               m.user_id, t.code AS group_code, l.tier, t.name, l.threshold, l.xp, l.soft_currency, l.points
        FROM achievement_types t
        JOIN user_metrics m FORCE INDEX (ix_user_metrics_metric)
          ON m.metric = t.metric AND m.user_id > :after_id AND m.user_id <= :last_id
        JOIN achievement_levels l
          ON l.type_id = t.id AND l.version = t.version AND l.threshold <= IF(t.combine = 'sum', m.total, m.best)
        JOIN player_progress p ON p.user_id = m.user_id
        LEFT JOIN user_achievement_rewards r FORCE INDEX (PRIMARY)
          ON r.user_id = m.user_id AND r.group_code = t.code AND r.tier = l.tier
        WHERE t.id = :type_id
          AND r.user_id IS NULL
        ORDER BY m.user_id, l.threshold
        """,
        {"type_id": type_id, "after_id": after_id, "last_id": last_id},
    )
    return [_unlocked(row) for row in rows]


def _unlocked(row: Row[tuple[object, ...]]) -> UnlockedLevel:
    return UnlockedLevel(
        user_id=row.user_id,
        group=row.group_code,
        tier=row.tier,
        name=row.name,
        threshold=row.threshold,
        xp=row.xp,
        soft_currency=row.soft_currency,
        points=row.points,
    )
