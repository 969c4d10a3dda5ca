"""notifications: a user's inbox, `PRIMARY KEY (user_id, id)`; a subject of a kind comes into it once."""

import json
from collections.abc import Sequence

from sqlalchemy import Row

from app.canonical_json import canonical_json
from app.clock import from_column, from_nullable_column
from app.rules.notification_rules import Notice, Notification
from app.transaction import Transaction

_COLUMNS = "n.id, n.kind, n.title, n.payload_json, n.created_at, n.read_at"


def insert(tx: Transaction, notices: Sequence[Notice]) -> None:
    """Put notices into inboxes; one that is there already stays as it is."""
    tx.execute(
        """
        INSERT INTO notifications (user_id, kind, subject, title, payload_json, created_at)
        SELECT n.user_id, n.kind, n.subject, n.title, n.payload, :now
        FROM JSON_TABLE(:notices, '$[*]' COLUMNS (
            user_id BIGINT PATH '$[0]',
            kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$[1]',
            subject VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$[2]',
            title VARCHAR(200) CHARACTER SET utf8mb4 PATH '$[3]',
            payload TEXT CHARACTER SET utf8mb4 PATH '$[4]'
        )) AS n
        ON DUPLICATE KEY UPDATE kind = VALUES(kind)
        """,
        {
            "notices": json.dumps(
                [
                    [notice.user_id, notice.kind, notice.subject, notice.title, canonical_json(notice.payload)]
                    for notice in notices
                ]
            ),
            "now": tx.now,
        },
    )


def list_newest(tx: Transaction, *, user_id: int, before_id: int, limit: int) -> list[Notification]:
    """The user's notifications with an id below `before_id`, newest first."""
    rows = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM notifications n
        WHERE n.user_id = :user_id
          AND n.id < :before_id
        ORDER BY n.id DESC
        LIMIT :limit
        """,
        {"user_id": user_id, "before_id": before_id, "limit": limit},
    )
    return [_notification(row) for row in rows]


def list_unread(tx: Transaction, *, user_id: int, before_id: int, limit: int) -> list[Notification]:
    """Those of them that are not read. For a LIMIT the optimizer would rather walk past all that are."""
    rows = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM notifications n FORCE INDEX (ix_notifications_unread)
        WHERE n.user_id = :user_id
          AND n.read_at IS NULL
          AND n.id < :before_id
        ORDER BY n.id DESC
        LIMIT :limit
        """,
        {"user_id": user_id, "before_id": before_id, "limit": limit},
    )
    return [_notification(row) for row in rows]


def find(tx: Transaction, *, user_id: int, notification_id: int) -> Notification | None:
    """One of the user's notifications."""
    row = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM notifications n
        WHERE n.user_id = :user_id
          AND n.id = :notification_id
        """,
        {"user_id": user_id, "notification_id": notification_id},
    ).one_or_none()
    return _notification(row) if row else None


def mark_read(tx: Transaction, *, user_id: int, notification_id: int) -> None:
    """Note that it is read; the first time stays."""
    tx.execute(
        """
        UPDATE notifications
        SET read_at = :now
        WHERE user_id = :user_id
          AND id = :notification_id
          AND read_at IS NULL
        """,
        {"user_id": user_id, "notification_id": notification_id, "now": tx.now},
    )


def mark_all_read(tx: Transaction, user_id: int) -> int:
    """Note that everything is read; returns how many were not."""
    return tx.execute(
        """
        UPDATE notifications
        SET read_at = :now
        WHERE user_id = :user_id
          AND read_at IS NULL
        """,
        {"user_id": user_id, "now": tx.now},
    ).rowcount


def count_unread(tx: Transaction, user_id: int) -> int:
    """How many notifications are not read."""
    row = tx.execute(
        """
        SELECT COUNT(*) AS unread
        FROM notifications
        WHERE user_id = :user_id
          AND read_at IS NULL
        """,
        {"user_id": user_id},
    ).one()
    return int(row.unread)


def _notification(row: Row[tuple[object, ...]]) -> Notification:
    return Notification(
        id=row.id,
        kind=row.kind,
        title=row.title,
        payload=json.loads(row.payload_json),
        created_at=from_column(row.created_at),
        read_at=from_nullable_column(row.read_at),
    )
