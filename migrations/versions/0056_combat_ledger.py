"""Combat ledger.

A view: what every settled fight granted to whom; a character's xp and gold are its sums.
"""

from alembic import op

revision = "0056"
down_revision = "0055"


def upgrade() -> None:
    op.execute("""
        CREATE OR REPLACE VIEW combat_ledger AS
        SELECT character_id, combat_id, xp_gained AS xp, gold_gained AS gold
        FROM combat_participants
        WHERE settlement_status = 'processed'
    """)


def downgrade() -> None:
    op.execute("DROP VIEW IF EXISTS combat_ledger")
