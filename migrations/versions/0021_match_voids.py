"""Voids of matches.

A row takes back what a match granted: the compensating entry of the ledger, with what the player had before and
after. The match keeps its result and receipt.
"""

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS match_voids (
            user_id BIGINT NOT NULL,
            match_id BIGINT NOT NULL,
            reason VARCHAR(500) NOT NULL,
            xp BIGINT NOT NULL,
            soft_currency BIGINT NOT NULL,
            xp_before BIGINT NOT NULL,
            soft_currency_before BIGINT NOT NULL,
            level_before INT NOT NULL,
            level_after INT NOT NULL,
            best_score_before BIGINT NULL,
            best_score_after BIGINT NULL,
            voided_by BIGINT NOT NULL,
            voided_at DATETIME(3) NOT NULL,
            request_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            PRIMARY KEY (user_id, match_id)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)
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


def downgrade() -> None:
    op.execute("""
        CREATE OR REPLACE VIEW reward_ledger AS
        SELECT user_id, 'match' AS source, id AS source_id, xp_granted AS xp,
               soft_currency_granted AS soft_currency, finished_at AS granted_at
        FROM matches
        WHERE status = 'finished'
    """)
    op.execute("DROP TABLE IF EXISTS match_voids")
