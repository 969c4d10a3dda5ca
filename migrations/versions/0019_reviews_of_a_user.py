"""Reviews of a user.

For the export of what is stored about a user; reviews are rare, so the index costs no settlement anything.
"""

from alembic import op
from sqlalchemy import inspect

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    if not _has_index():
        op.execute("CREATE INDEX ix_match_reviews_user_id ON match_reviews (user_id, id)")


def downgrade() -> None:
    if _has_index():
        op.execute("DROP INDEX ix_match_reviews_user_id ON match_reviews")


def _has_index() -> bool:
    indexes = inspect(op.get_bind()).get_indexes("match_reviews")
    return any(index["name"] == "ix_match_reviews_user_id" for index in indexes)
