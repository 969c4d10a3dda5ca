"""The order of a board in ascending columns.

MySQL walks a range of an index backward only if its columns ascend; with `score DESC` the players above one were found
by walking the board from its other end. negative_score is virtual: it stands in the index alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    if _missing():
        op.execute("""
            ALTER TABLE leaderboard_scores
                ADD COLUMN negative_score BIGINT AS (-score) VIRTUAL,
                DROP KEY ix_leaderboard_scores_order,
                ADD KEY ix_leaderboard_scores_order
                    (board_code, season, hidden, negative_score, achieved_at, user_id)
        """)


def downgrade() -> None:
    if not _missing():
        op.execute("""
            ALTER TABLE leaderboard_scores
                DROP KEY ix_leaderboard_scores_order,
                ADD KEY ix_leaderboard_scores_order (board_code, season, hidden, score DESC, achieved_at, user_id),
                DROP COLUMN negative_score
        """)


def _missing() -> bool:
    columns = sa.inspect(op.get_bind()).get_columns("leaderboard_scores")
    return "negative_score" not in {column["name"] for column in columns}
