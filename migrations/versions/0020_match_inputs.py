"""What a settlement started from.

The player's standing before the match and the version of the rules: enough to explain later why it paid what it
paid. Written by the statement that finishes the match; NULL for matches settled before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0040"

COLUMNS = ("rule_version", "xp_before", "soft_currency_before", "level_before", "best_score_before")


def upgrade() -> None:
    if _missing():
        op.execute("""
            ALTER TABLE matches
                ADD COLUMN rule_version SMALLINT NULL,
                ADD COLUMN xp_before BIGINT NULL,
                ADD COLUMN soft_currency_before BIGINT NULL,
                ADD COLUMN level_before INT NULL,
                ADD COLUMN best_score_before BIGINT NULL
        """)


def downgrade() -> None:
    if not _missing():
        op.execute("""
            ALTER TABLE matches
                DROP COLUMN rule_version,
                DROP COLUMN xp_before,
                DROP COLUMN soft_currency_before,
                DROP COLUMN level_before,
                DROP COLUMN best_score_before
        """)


def _missing() -> bool:
    """One statement adds all of them, so either all or none are there."""
    return COLUMNS[0] not in {column["name"] for column in sa.inspect(op.get_bind()).get_columns("matches")}
