"""Notifications.

A user's inbox; what it tells of (kind and subject) it tells once.
"""

from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS notifications (
            user_id BIGINT NOT NULL,
            id BIGINT NOT NULL AUTO_INCREMENT,
            kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            subject VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            title VARCHAR(200) NOT NULL,
            payload_json JSON NOT NULL,
            created_at DATETIME(3) NOT NULL,
            read_at DATETIME(3) NULL,
            PRIMARY KEY (user_id, id),
            UNIQUE KEY uq_notifications_id (id),
            UNIQUE KEY uq_notifications_subject (user_id, kind, subject),
            KEY ix_notifications_unread (user_id, read_at, id)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)


def downgrade() -> None:
    op.execute("DROP TABLE IF EXISTS notifications")
