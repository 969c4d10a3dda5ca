"""Erased users.

The row of an erased user stays, without a name, for the ledgers and matches that point at it.
"""

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.execute("""
        ALTER TABLE users
        MODIFY status ENUM('active', 'banned', 'erased') NOT NULL DEFAULT 'active'
    """)


def downgrade() -> None:
    op.execute("UPDATE users SET status = 'banned' WHERE status = 'erased'")
    op.execute("""
        ALTER TABLE users
        MODIFY status ENUM('active', 'banned') NOT NULL DEFAULT 'active'
    """)
