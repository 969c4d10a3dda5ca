"""Check-ins in the reward ledger; source_id is the day as a number, 20261121."""

from alembic import op

revision = "0042"
down_revision = "0041"


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
        SELECT user_id, 'achievement' AS source, id AS source_id, xp, soft_currency, earned_at AS granted_at
        FROM user_achievement_rewards
        UNION ALL
        SELECT user_id, 'checkin' AS source, CAST(day AS SIGNED) AS source_id, xp_granted AS xp,
               soft_currency_granted AS soft_currency, checked_in_at AS granted_at
        FROM daily_checkins
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
        UNION ALL
        SELECT user_id, 'achievement' AS source, id AS source_id, xp, soft_currency, earned_at AS granted_at
        FROM user_achievement_rewards
    """)
