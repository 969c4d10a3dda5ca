"""Idempotency keys.

answer_json is TEXT: it is sent again byte by byte, and a JSON column would reorder its keys.
"""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS idempotency_keys (
            user_id BIGINT NOT NULL,
            endpoint VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            idempotency_key VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            request_hash BINARY(32) NOT NULL,
            answer_json MEDIUMTEXT NOT NULL,
            created_at DATETIME(3) NOT NULL,
            PRIMARY KEY (user_id, endpoint, idempotency_key),
            KEY ix_idempotency_keys_created_at (created_at)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)


def downgrade() -> None:
    op.execute("DROP TABLE IF EXISTS idempotency_keys")
