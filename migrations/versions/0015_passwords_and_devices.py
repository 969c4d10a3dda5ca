"""Passwords and devices.

A user may have a password, devices, both or neither. Of a device id only the SHA-256 is kept: it opens the account.
"""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS user_passwords (
            user_id BIGINT NOT NULL,
            password_hash VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            changed_at DATETIME(3) NOT NULL,
            PRIMARY KEY (user_id)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)
    op.execute("""
        CREATE TABLE IF NOT EXISTS user_devices (
            device_hash BINARY(32) NOT NULL,
            user_id BIGINT NOT NULL,
            created_at DATETIME(3) NOT NULL,
            PRIMARY KEY (device_hash),
            KEY ix_user_devices_user_id (user_id)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)


def downgrade() -> None:
    op.execute("DROP TABLE IF EXISTS user_devices")
    op.execute("DROP TABLE IF EXISTS user_passwords")
