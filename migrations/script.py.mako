"""${message}"""

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS ...
    """)


def downgrade() -> None:
    op.execute("DROP TABLE IF EXISTS ...")
