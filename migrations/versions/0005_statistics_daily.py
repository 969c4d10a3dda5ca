"""Daily statistics.

Days are UTC. score_sum is wider than a score, which may be as large as BIGINT.
"""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS statistics_daily (
            user_id BIGINT NOT NULL,
            day DATE NOT NULL,
            sessions_count INT NOT NULL DEFAULT 0,
            events_count INT NOT NULL DEFAULT 0,
            playtime_seconds BIGINT NOT NULL DEFAULT 0,
            wins INT NOT NULL DEFAULT 0,
            losses INT NOT NULL DEFAULT 0,
            score_sum DECIMAL(30, 0) NOT NULL DEFAULT 0,
            PRIMARY KEY (user_id, day)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)


def downgrade() -> None:
    op.execute("DROP TABLE IF EXISTS statistics_daily")
