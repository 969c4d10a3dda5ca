"""Item templates.

What kinds of items there are; names are unique because foreign settlements may name loot by its name alone.
"""

from alembic import op

revision = "0050"
down_revision = "0019"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS item_templates (
            id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            name VARCHAR(100) NOT NULL,
            max_stack INT NOT NULL,
            max_durability INT NULL,
            created_at DATETIME(3) NOT NULL,
            PRIMARY KEY (id),
            UNIQUE KEY uq_item_templates_name (name)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)


def downgrade() -> None:
    op.execute("DROP TABLE IF EXISTS item_templates")
