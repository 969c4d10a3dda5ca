"""Combat history.

A row per finished fight: its settlement, keyed by the session, and the document of its result, byte by byte as it was
hashed. ix_combat_history_status serves what waits and what failed.
"""

from alembic import op

revision = "0054"
down_revision = "0023"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS combat_history (
            id BIGINT NOT NULL AUTO_INCREMENT,
            session_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            settlement_status ENUM('pending', 'processed', 'failed') NOT NULL DEFAULT 'pending',
            finished_at DATETIME(3) NOT NULL,
            settled_at DATETIME(3) NULL,
            failure_reason VARCHAR(500) NULL,
            rejected_at DATETIME(3) NULL,
            payload_hash BINARY(32) NOT NULL,
            result_payload MEDIUMTEXT NOT NULL,
            PRIMARY KEY (id),
            UNIQUE KEY uq_combat_history_session_id (session_id),
            KEY ix_combat_history_status (settlement_status, id)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)


def downgrade() -> None:
    op.execute("DROP TABLE IF EXISTS combat_history")
