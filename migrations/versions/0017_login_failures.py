"""Login failures.

Counted per account and address. account_hash is the SHA-256 of the account's id, or of the name that was tried if
nobody has it: what people type into that field by mistake must not be readable here.
"""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS login_failures (
            account_hash BINARY(32) NOT NULL,
            address VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            failures INT NOT NULL,
            since DATETIME(3) NOT NULL,
            locked_until DATETIME(3) NULL,
            PRIMARY KEY (account_hash, address),
            KEY ix_login_failures_since (since)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)


def downgrade() -> None:
    op.execute("DROP TABLE IF EXISTS login_failures")
