"""Reviews of implausible results.

A row per match and different refused result, with how often it was tried.
"""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS match_reviews (
            id BIGINT NOT NULL AUTO_INCREMENT,
            match_id BIGINT NOT NULL,
            user_id BIGINT NOT NULL,
            status ENUM('open', 'accepted', 'dismissed') NOT NULL DEFAULT 'open',
            is_win BOOLEAN NOT NULL,
            score BIGINT NOT NULL,
            duration_seconds INT NOT NULL,
            wave_reached INT NOT NULL,
            implausible_json JSON NOT NULL,
            attempts INT NOT NULL DEFAULT 1,
            request_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            created_at DATETIME(3) NOT NULL,
            decided_at DATETIME(3) NULL,
            decided_by BIGINT NULL,
            PRIMARY KEY (id),
            KEY ix_match_reviews_match_id (match_id),
            KEY ix_match_reviews_status (status, id)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)


def downgrade() -> None:
    op.execute("DROP TABLE IF EXISTS match_reviews")
