"""Leaderboards and their scores.

leaderboards.season is the open season of a board; a score is a player's best of a season.
ix_leaderboard_scores_rank is the order of a board: higher scores first, of equal ones the earlier.
"""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS leaderboards (
            board_code VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            season INT NOT NULL DEFAULT 1,
            PRIMARY KEY (board_code)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)
    op.execute("""
        CREATE TABLE IF NOT EXISTS leaderboard_scores (
            board_code VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            season INT NOT NULL,
            user_id BIGINT NOT NULL,
            score BIGINT NOT NULL,
            achieved_at DATETIME(3) NOT NULL,
            updated_at DATETIME(3) NOT NULL,
            PRIMARY KEY (board_code, season, user_id),
            KEY ix_leaderboard_scores_rank (board_code, season, score DESC, achieved_at, user_id)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)
    op.execute("""
        INSERT INTO leaderboards (board_code, season)
        VALUES ('td_score', 1)
        ON DUPLICATE KEY UPDATE season = season
    """)


def downgrade() -> None:
    op.execute("DROP TABLE IF EXISTS leaderboard_scores")
    op.execute("DROP TABLE IF EXISTS leaderboards")
