"""Combat replays.

The turns of a fight as one compressed JSON array, and the chain of their hashes: turn n's is SHA-256 of the hash before
it and the turn; before the first stands the hash of the session's id. turns_count and head hold the chain's end.
"""

from alembic import op

revision = "0057"
down_revision = "0042"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS combat_replays (
            combat_id BIGINT NOT NULL,
            turns_count INT NOT NULL,
            head BINARY(32) NOT NULL,
            turns MEDIUMBLOB NOT NULL,
            chain MEDIUMBLOB NOT NULL,
            PRIMARY KEY (combat_id)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)


def downgrade() -> None:
    op.execute("DROP TABLE IF EXISTS combat_replays")
