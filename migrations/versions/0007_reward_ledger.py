"""Reward ledger.

A view: every settlement row that granted something, whichever table it stands in. Another kind of settlement
adds its SELECT here by UNION ALL, in a migration of its own.
"""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute("""
        CREATE OR REPLACE VIEW reward_ledger AS
        SELECT user_id, 'match' AS source, id AS source_id, xp_granted AS xp,
               soft_currency_granted AS soft_currency, finished_at AS granted_at
        FROM matches
        WHERE status = 'finished'
    """)


def downgrade() -> None:
    op.execute("DROP VIEW IF EXISTS reward_ledger")
