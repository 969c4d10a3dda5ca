"""Item ledger.

Every movement of items, in or out (quantity below zero); what a character holds is its sum. source_id is the fight
of `loot` and `consumed`, the inventory row of `granted`.
"""

from alembic import op

revision = "0053"
down_revision = "0052"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS item_ledger (
            character_id BIGINT NOT NULL,
            id BIGINT NOT NULL AUTO_INCREMENT,
            item_template_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            quantity INT NOT NULL,
            source ENUM('granted', 'loot', 'consumed') NOT NULL,
            source_id BIGINT NOT NULL,
            created_at DATETIME(3) NOT NULL,
            PRIMARY KEY (character_id, id),
            KEY ix_item_ledger_id (id)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)


def downgrade() -> None:
    op.execute("DROP TABLE IF EXISTS item_ledger")
