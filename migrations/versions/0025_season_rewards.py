"""Rewards of seasons.

leaderboard_rewards says what a place of a closed season pays; season_rewards is the settlement row, one per player,
board and season and one per place. leaderboard_seasons names the job that pays.
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS leaderboard_rewards (
            board_code VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            first_place INT NOT NULL,
            last_place INT NOT NULL,
            xp BIGINT NOT NULL,
            soft_currency BIGINT NOT NULL,
            PRIMARY KEY (board_code, first_place)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)
    op.execute("""
        INSERT INTO leaderboard_rewards (board_code, first_place, last_place, xp, soft_currency)
        VALUES ('td_score', 1, 1, 1000, 2000),
               ('td_score', 2, 10, 500, 1000),
               ('td_score', 11, 100, 200, 400),
               ('td_score', 101, 1000, 50, 100)
        ON DUPLICATE KEY UPDATE last_place = leaderboard_rewards.last_place
    """)
    op.execute("""
        CREATE TABLE IF NOT EXISTS season_rewards (
            user_id BIGINT NOT NULL,
            board_code VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            season INT NOT NULL,
            place INT NOT NULL,
            score BIGINT NOT NULL,
            achieved_at DATETIME(3) NOT NULL,
            xp BIGINT NOT NULL,
            soft_currency BIGINT NOT NULL,
            granted_at DATETIME(3) NOT NULL,
            PRIMARY KEY (user_id, board_code, season),
            UNIQUE KEY uq_season_rewards_place (board_code, season, place)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)
    if not _has_job():
        op.execute("ALTER TABLE leaderboard_seasons ADD COLUMN rewards_job_id BIGINT NULL")
    op.execute("""
        CREATE OR REPLACE VIEW reward_ledger AS
        SELECT user_id, 'match' AS source, id AS source_id, xp_granted AS xp,
               soft_currency_granted AS soft_currency, finished_at AS granted_at
        FROM matches
        WHERE status IN ('finished', 'voided')
        UNION ALL
        SELECT user_id, 'match_void' AS source, match_id AS source_id, xp, soft_currency, voided_at AS granted_at
        FROM match_voids
        UNION ALL
        SELECT user_id, 'achievement' AS source, id AS source_id, xp, soft_currency, earned_at AS granted_at
        FROM user_achievement_rewards
        UNION ALL
        SELECT user_id, 'checkin' AS source, CAST(day AS SIGNED) AS source_id, xp_granted AS xp,
               soft_currency_granted AS soft_currency, checked_in_at AS granted_at
        FROM daily_checkins
        UNION ALL
        SELECT user_id, 'season' AS source, season AS source_id, xp, soft_currency, granted_at
        FROM season_rewards
    """)


def downgrade() -> None:
    op.execute("""
        CREATE OR REPLACE VIEW reward_ledger AS
        SELECT user_id, 'match' AS source, id AS source_id, xp_granted AS xp,
               soft_currency_granted AS soft_currency, finished_at AS granted_at
        FROM matches
        WHERE status IN ('finished', 'voided')
        UNION ALL
        SELECT user_id, 'match_void' AS source, match_id AS source_id, xp, soft_currency, voided_at AS granted_at
        FROM match_voids
        UNION ALL
        SELECT user_id, 'achievement' AS source, id AS source_id, xp, soft_currency, earned_at AS granted_at
        FROM user_achievement_rewards
        UNION ALL
        SELECT user_id, 'checkin' AS source, CAST(day AS SIGNED) AS source_id, xp_granted AS xp,
               soft_currency_granted AS soft_currency, checked_in_at AS granted_at
        FROM daily_checkins
    """)
    if _has_job():
        op.execute("ALTER TABLE leaderboard_seasons DROP COLUMN rewards_job_id")
    op.execute("DROP TABLE IF EXISTS season_rewards")
    op.execute("DROP TABLE IF EXISTS leaderboard_rewards")


def _has_job() -> bool:
    columns = sa.inspect(op.get_bind()).get_columns("leaderboard_seasons")
    return "rewards_job_id" in {column["name"] for column in columns}
