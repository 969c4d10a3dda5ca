"""Dead letters.

Events that failed for good, with their reason; replayed_at is set when an admin puts one back into the outbox.
"""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS dead_letters (
            id BIGINT NOT NULL AUTO_INCREMENT,
            outbox_id BIGINT NOT NULL,
            event_id BINARY(16) NOT NULL,
            event_type VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            event_key VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            payload_json JSON NOT NULL,
            created_at DATETIME(3) NOT NULL,
            attempts SMALLINT UNSIGNED NOT NULL,
            reason VARCHAR(1000) NOT NULL,
            dead_at DATETIME(3) NOT NULL,
            replayed_at DATETIME(3) NULL,
            PRIMARY KEY (id),
            KEY ix_dead_letters_replayed_at (replayed_at, id)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)


def downgrade() -> None:
    op.execute("DROP TABLE IF EXISTS dead_letters")
