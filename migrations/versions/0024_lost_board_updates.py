"""When the sorted set of a season's board missed updates.

Set when Redis could not be told of a score; until the set is built anew ranks are counted in the index.
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0058"


def upgrade() -> None:
    if _missing():
        op.execute("ALTER TABLE leaderboard_seasons ADD COLUMN set_lost_at DATETIME(3) NULL")


def downgrade() -> None:
    if not _missing():
        op.execute("ALTER TABLE leaderboard_seasons DROP COLUMN set_lost_at")


def _missing() -> bool:
    columns = sa.inspect(op.get_bind()).get_columns("leaderboard_seasons")
    return "set_lost_at" not in {column["name"] for column in columns}
