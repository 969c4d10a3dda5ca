"""Achievements: definitions, progress, what was earned, and the counters of a user.

A definition that is replaced gets a new version, the levels of the old ones stay; a reward says which version paid it.
user_metrics.total is the sum of what a metric was raised by, best the greatest single value.
user_stats.version changes with everything that a user's statistics and achievements show.
"""

from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS achievement_types (
            id BIGINT NOT NULL AUTO_INCREMENT,
            code VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            name VARCHAR(100) NOT NULL,
            description VARCHAR(500) NOT NULL DEFAULT '',
            metric VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            combine ENUM('sum', 'max', 'streak') NOT NULL,
            hidden BOOLEAN NOT NULL DEFAULT FALSE,
            built_in BOOLEAN NOT NULL DEFAULT FALSE,
            version INT NOT NULL DEFAULT 1,
            retired_at DATETIME(3) NULL,
            created_at DATETIME(3) NOT NULL,
            updated_at DATETIME(3) NOT NULL,
            PRIMARY KEY (id),
            UNIQUE KEY uq_achievement_types_code (code),
            KEY ix_achievement_types_metric (metric)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)
    op.execute("""
        CREATE TABLE IF NOT EXISTS achievement_levels (
            type_id BIGINT NOT NULL,
            version INT NOT NULL,
            tier VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            threshold BIGINT NOT NULL,
            xp INT NOT NULL,
            soft_currency INT NOT NULL,
            points INT NOT NULL,
            PRIMARY KEY (type_id, version, tier)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)
    op.execute("""
        CREATE TABLE IF NOT EXISTS achievement_catalog (
            id TINYINT NOT NULL,
            version BIGINT NOT NULL,
            PRIMARY KEY (id)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)
    op.execute("""
        CREATE TABLE IF NOT EXISTS user_metrics (
            user_id BIGINT NOT NULL,
            metric VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            total BIGINT NOT NULL,
            best BIGINT NOT NULL,
            PRIMARY KEY (user_id, metric),
            KEY ix_user_metrics_metric (metric, user_id)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)
    op.execute("""
        CREATE TABLE IF NOT EXISTS user_achievement_rewards (
            user_id BIGINT NOT NULL,
            group_code VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            tier VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            id BIGINT NOT NULL AUTO_INCREMENT,
            version INT NOT NULL,
            threshold BIGINT NOT NULL,
            xp INT NOT NULL,
            soft_currency INT NOT NULL,
            points INT NOT NULL,
            batch_id BINARY(16) NOT NULL,
            earned_at DATETIME(3) NOT NULL,
            PRIMARY KEY (user_id, group_code, tier),
            UNIQUE KEY uq_user_achievement_rewards_id (id)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)
    op.execute("""
        CREATE TABLE IF NOT EXISTS user_stats (
            user_id BIGINT NOT NULL,
            version BIGINT NOT NULL DEFAULT 0,
            event_points BIGINT NOT NULL DEFAULT 0,
            achievements_count INT NOT NULL DEFAULT 0,
            achievement_points BIGINT NOT NULL DEFAULT 0,
            PRIMARY KEY (user_id)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)
    op.execute("""
        INSERT INTO user_stats (user_id)
        SELECT id FROM users
        ON DUPLICATE KEY UPDATE user_id = VALUES(user_id)
    """)


def downgrade() -> None:
    for table in (
        "user_stats",
        "user_achievement_rewards",
        "user_metrics",
        "achievement_catalog",
        "achievement_levels",
        "achievement_types",
    ):
        op.execute(f"DROP TABLE IF EXISTS {table}")
