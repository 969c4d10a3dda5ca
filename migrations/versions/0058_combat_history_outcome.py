"""How fights ended, beside their documents.

A character's history lists many fights; it must not read the whole document of each.
"""

from alembic import op
from sqlalchemy import inspect

revision = "0058"
down_revision = "0057"


def upgrade() -> None:
    if not _has_column():
        op.execute("""
            ALTER TABLE combat_history
                ADD COLUMN winner_team VARCHAR(32) NULL AFTER finished_at,
                ADD COLUMN finish_reason ENUM('victory', 'defeat', 'flee', 'draw') NULL AFTER winner_team
        """)
    op.execute("""
        UPDATE combat_history
        SET winner_team = JSON_VALUE(result_payload, '$.meta.winner_team'),
            finish_reason = JSON_VALUE(result_payload, '$.meta.finish_reason')
        WHERE finish_reason IS NULL
    """)


def downgrade() -> None:
    if _has_column():
        op.execute("ALTER TABLE combat_history DROP COLUMN winner_team, DROP COLUMN finish_reason")


def _has_column() -> bool:
    return any(column["name"] == "finish_reason" for column in inspect(op.get_bind()).get_columns("combat_history"))
