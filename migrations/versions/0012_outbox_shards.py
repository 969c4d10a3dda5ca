"""Leases of the outbox's shards.

A row per shard; whoever holds the lease's token may apply a batch of the shard.
"""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS outbox_shards (
            shard TINYINT UNSIGNED NOT NULL,
            lease_token BINARY(16) NULL,
            leased_until DATETIME(3) NOT NULL,
            PRIMARY KEY (shard)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)
    op.execute("""
        INSERT INTO outbox_shards (shard, leased_until)
        WITH RECURSIVE shards (shard) AS (SELECT 0 UNION ALL SELECT shard + 1 FROM shards WHERE shard < 63)
        SELECT shard, '2000-01-01' FROM shards
        ON DUPLICATE KEY UPDATE leased_until = outbox_shards.leased_until
    """)


def downgrade() -> None:
    op.execute("DROP TABLE IF EXISTS outbox_shards")
