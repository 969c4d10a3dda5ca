"""Combat participants.

Who fought, clustered by character; the row of a processed fight is its ledger entry. ix_combat_participants_status
finds what still waits for a character, ix_combat_participants_combat_id the participants of a fight.
"""

from alembic import op

revision = "0055"
down_revision = "0054"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS combat_participants (
            character_id BIGINT NOT NULL,
            combat_id BIGINT NOT NULL,
            settlement_status ENUM('pending', 'processed', 'failed') NOT NULL DEFAULT 'pending',
            is_winner BOOLEAN NOT NULL,
            xp_gained BIGINT NOT NULL,
            gold_gained BIGINT NOT NULL,
            PRIMARY KEY (character_id, combat_id),
            KEY ix_combat_participants_combat_id (combat_id),
            KEY ix_combat_participants_status (character_id, settlement_status)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)


def downgrade() -> None:
    op.execute("DROP TABLE IF EXISTS combat_participants")
