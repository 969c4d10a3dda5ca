"""Game events.

Clustered by player, for the reader of one player's events, newest first.
"""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS game_events (
            user_id BIGINT NOT NULL,
            id BIGINT NOT NULL AUTO_INCREMENT,
            session_id BINARY(16) NULL,
            event_type VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            payload_json JSON NULL,
            created_at DATETIME(3) NOT NULL,
            PRIMARY KEY (user_id, id),
            UNIQUE KEY uq_game_events_id (id)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)


def downgrade() -> None:
    op.execute("DROP TABLE IF EXISTS game_events")
