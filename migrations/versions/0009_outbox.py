"""Outbox.

A row is pending while done_at is NULL; after a failure it waits, and with it its key, until available_at.
 ix_outbox_pending finds the pending rows of a shard in their order.
"""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS outbox (
            id BIGINT NOT NULL AUTO_INCREMENT,
            event_id BINARY(16) NOT NULL,
            shard TINYINT UNSIGNED NOT NULL,
            event_type VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            event_key VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            payload_json JSON NOT NULL,
            created_at DATETIME(3) NOT NULL,
            done_at DATETIME(3) NULL,
            attempts SMALLINT UNSIGNED NOT NULL DEFAULT 0,
            available_at DATETIME(3) NULL,
            PRIMARY KEY (id),
            KEY ix_outbox_pending (shard, done_at, id)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)


def downgrade() -> None:
    op.execute("DROP TABLE IF EXISTS outbox")
