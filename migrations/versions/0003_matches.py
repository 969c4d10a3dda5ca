"""Matches.

Clustered by player; the row of a finished match is its settlement, ledger entry and receipt. There is no index
on status: the job that closes old matches walks uq_matches_id, and every finish would pay for one.
"""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS matches (
            user_id BIGINT NOT NULL,
            id BIGINT NOT NULL AUTO_INCREMENT,
            status ENUM('started', 'finished', 'abandoned', 'voided') NOT NULL DEFAULT 'started',
            mode VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
            started_at DATETIME(3) NOT NULL,
            finished_at DATETIME(3) NULL,
            is_win BOOLEAN NULL,
            score BIGINT NULL,
            duration_seconds INT NULL,
            wave_reached INT NULL,
            xp_granted BIGINT NULL,
            soft_currency_granted BIGINT NULL,
            board_code VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
            season INT NULL,
            request_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
            PRIMARY KEY (user_id, id),
            UNIQUE KEY uq_matches_id (id)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)


def downgrade() -> None:
    op.execute("DROP TABLE IF EXISTS matches")
