"""Achievements in the reward ledger."""

from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.execute("""
        CREATE OR REPLACE VIEW reward_ledger AS
        SELECT user_id, 'match' AS source, id AS source_id, xp_granted AS xp,
               soft_currency_granted AS soft_currency, finished_at AS granted_at
        FROM matches
        WHERE status IN ('finished', 'voided')
        UNION ALL
        SELECT user_id, 'match_void' AS source, match_id AS source_id, xp, soft_currency, voided_at AS granted_at
        FROM match_voids
        UNION ALL
        SELECT user_id, 'achievement' AS source, id AS source_id, xp,
               soft_currency, earned_at AS granted_at
        FROM user_achievement_rewards
    """)


def downgrade() -> None:
    op.execute("""
        CREATE OR REPLACE VIEW reward_ledger AS
        SELECT user_id, 'match' AS source, id AS source_id, xp_granted AS xp,
               soft_currency_granted AS soft_currency, finished_at AS granted_at
        FROM matches
        WHERE status IN ('finished', 'voided')
        UNION ALL
        SELECT user_id, 'match_void' AS source, match_id AS source_id, xp, soft_currency, voided_at AS granted_at
        FROM match_voids
    """)
