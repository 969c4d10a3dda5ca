"""Accounts.

Names and emails are unique in the case-folded form that `user_rules.case_folded` makes.
"""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS users (
            id BIGINT NOT NULL AUTO_INCREMENT,
            username VARCHAR(32) NOT NULL,
            username_key VARCHAR(128) NOT NULL,
            display_name VARCHAR(64) NOT NULL,
            email VARCHAR(254) NULL,
            email_key VARCHAR(512) NULL,
            roles SET('player', 'developer', 'publisher', 'moderator', 'support', 'admin', 'system') NOT NULL,
            status ENUM('active', 'banned') NOT NULL DEFAULT 'active',
            time_zone VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'UTC',
            created_at DATETIME(3) NOT NULL,
            PRIMARY KEY (id),
            UNIQUE KEY uq_users_username_key (username_key),
            UNIQUE KEY uq_users_email_key (email_key)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)


def downgrade() -> None:
    op.execute("DROP TABLE IF EXISTS users")
