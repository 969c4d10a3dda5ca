"""Daily check-ins.

user_streaks is what a check-in locks; every user has a row. daily_checkins is the settlement row of a day,
streak_outages when the server was away: the days it touched break no streak.
"""

from alembic import op

revision = "0041"
down_revision = "0035"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS user_streaks (
            user_id BIGINT NOT NULL,
            consecutive_days INT NOT NULL DEFAULT 0,
            longest_streak INT NOT NULL DEFAULT 0,
            last_day DATE NULL,
            last_checkin_at DATETIME(3) NULL,
            time_zone VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'UTC',
            latest_zone VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'UTC',
            freezes INT NOT NULL DEFAULT 0,
            PRIMARY KEY (user_id)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)
    op.execute("""
        CREATE TABLE IF NOT EXISTS daily_checkins (
            user_id BIGINT NOT NULL,
            day DATE NOT NULL,
            checked_in_at DATETIME(3) NOT NULL,
            time_zone VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            consecutive_days INT NOT NULL,
            bridged_days INT NOT NULL,
            zone_days INT NOT NULL,
            freezes INT NOT NULL,
            xp_granted INT NOT NULL,
            soft_currency_granted INT NOT NULL,
            PRIMARY KEY (user_id, day)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)
    op.execute("""
        CREATE TABLE IF NOT EXISTS streak_outages (
            id BIGINT NOT NULL AUTO_INCREMENT,
            starts_at DATETIME(3) NOT NULL,
            ends_at DATETIME(3) NOT NULL,
            noted_at DATETIME(3) NOT NULL,
            PRIMARY KEY (id),
            UNIQUE KEY uq_streak_outages_time (ends_at, starts_at)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)
    op.execute("""
        INSERT INTO user_streaks (user_id)
        SELECT id
        FROM users
        ON DUPLICATE KEY UPDATE user_id = VALUES(user_id)
    """)


def downgrade() -> None:
    op.execute("DROP TABLE IF EXISTS streak_outages")
    op.execute("DROP TABLE IF EXISTS daily_checkins")
    op.execute("DROP TABLE IF EXISTS user_streaks")
