"""Inventory.

Clustered by character; whoever writes rows of a character has locked the character. An item is equipped while it
stands in a slot, and a slot holds one. ix_inventory_stacks finds the stack that has room for more of the same.
"""

from alembic import op

revision = "0052"
down_revision = "0051"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS inventory (
            character_id BIGINT NOT NULL,
            id BIGINT NOT NULL AUTO_INCREMENT,
            item_template_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            quantity INT NOT NULL,
            slot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
            durability INT NULL,
            created_at DATETIME(3) NOT NULL,
            PRIMARY KEY (character_id, id),
            UNIQUE KEY uq_inventory_id (id),
            UNIQUE KEY uq_inventory_slot (character_id, slot),
            KEY ix_inventory_stacks (character_id, item_template_id, slot, quantity)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)


def downgrade() -> None:
    op.execute("DROP TABLE IF EXISTS inventory")
