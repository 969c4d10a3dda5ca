"""Player progress.

Always the sum of the player's reward_ledger.
"""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS player_progress (
            user_id BIGINT NOT NULL,
            xp BIGINT NOT NULL DEFAULT 0,
            level INT NOT NULL DEFAULT 1,
            soft_currency BIGINT NOT NULL DEFAULT 0,
            updated_at DATETIME(3) NOT NULL,
            PRIMARY KEY (user_id)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)


def downgrade() -> None:
    op.execute("DROP TABLE IF EXISTS player_progress")
