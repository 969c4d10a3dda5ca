"""Seasons of the leaderboards.

leaderboards.season stays the open season, one row that a settlement reads; a row here says when a season was opened
and closed.
"""

from alembic import op

revision = "0022"
down_revision = "0034"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS leaderboard_seasons (
            board_code VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            season INT NOT NULL,
            opened_at DATETIME(3) NOT NULL,
            closed_at DATETIME(3) NULL,
            PRIMARY KEY (board_code, season)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)
    op.execute("""
        INSERT INTO leaderboard_seasons (board_code, season, opened_at)
        SELECT board_code, season, UTC_TIMESTAMP(3) FROM leaderboards
        ON DUPLICATE KEY UPDATE opened_at = leaderboard_seasons.opened_at
    """)


def downgrade() -> None:
    op.execute("DROP TABLE IF EXISTS leaderboard_seasons")
