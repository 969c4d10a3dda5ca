"""Event types and what a user's events add up to.

game_events.points is what an event was worth when it happened; it is NULL for what is no event of a client's, such as
the settlement of a match. The metric of an event type never changes, so counters tell what the metric must be.
"""

from alembic import op

revision = "0030"
down_revision = "0021"

HAS_POINTS = """
    SELECT 1
    FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'game_events' AND column_name = 'points'
"""


def _has_points() -> bool:
    return op.get_bind().exec_driver_sql(HAS_POINTS).one_or_none() is not None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS event_types (
            code VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            metric VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            points INT NOT NULL,
            retired_at DATETIME(3) NULL,
            created_at DATETIME(3) NOT NULL,
            updated_at DATETIME(3) NOT NULL,
            PRIMARY KEY (code)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)
    op.execute("""
        INSERT INTO event_types (code, metric, points, created_at, updated_at)
        VALUES ('login', 'LOGIN', 5, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)),
               ('complete_level', 'COMPLETE_LEVEL', 20, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)),
               ('find_secret', 'FIND_SECRET', 50, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))
        ON DUPLICATE KEY UPDATE code = VALUES(code)
    """)
    op.execute("""
        CREATE TABLE IF NOT EXISTS user_event_counters (
            user_id BIGINT NOT NULL,
            event_type VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            events BIGINT NOT NULL,
            points BIGINT NOT NULL,
            PRIMARY KEY (user_id, event_type)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)
    if not _has_points():
        op.execute("ALTER TABLE game_events ADD COLUMN points INT NULL AFTER payload_json")


def downgrade() -> None:
    if _has_points():
        op.execute("ALTER TABLE game_events DROP COLUMN points")
    op.execute("DROP TABLE IF EXISTS user_event_counters")
    op.execute("DROP TABLE IF EXISTS event_types")
