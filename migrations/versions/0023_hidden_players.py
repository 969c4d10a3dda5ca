"""Players whom the boards do not show.

A score stays as it is and is only hidden; the flag stands in the index of the board's order, so that ranks are dense
without a look at the users. player_progress holds the same flag for scores to come, and board_revision, which rises
with everything that may lower what the boards show of a player.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    if "board_revision" not in _columns("player_progress"):
        op.execute("""
            ALTER TABLE player_progress
                ADD COLUMN board_hidden BOOLEAN NOT NULL DEFAULT FALSE,
                ADD COLUMN board_revision INT NOT NULL DEFAULT 0
        """)
    if "hidden" not in _columns("leaderboard_scores"):
        op.execute("""
            ALTER TABLE leaderboard_scores
                ADD COLUMN hidden BOOLEAN NOT NULL DEFAULT FALSE,
                DROP KEY ix_leaderboard_scores_rank,
                ADD KEY ix_leaderboard_scores_order (board_code, season, hidden, score DESC, achieved_at, user_id)
        """)
    op.execute("""
        UPDATE player_progress p
        JOIN users u ON u.id = p.user_id
        SET p.board_hidden = TRUE
        WHERE u.status <> 'active'
    """)
    op.execute("""
        UPDATE leaderboard_scores s
        JOIN player_progress p ON p.user_id = s.user_id
        SET s.hidden = TRUE
        WHERE p.board_hidden
    """)


def downgrade() -> None:
    if "hidden" in _columns("leaderboard_scores"):
        op.execute("""
            ALTER TABLE leaderboard_scores
                DROP KEY ix_leaderboard_scores_order,
                ADD KEY ix_leaderboard_scores_rank (board_code, season, score DESC, achieved_at, user_id),
                DROP COLUMN hidden
        """)
    if "board_revision" in _columns("player_progress"):
        op.execute("ALTER TABLE player_progress DROP COLUMN board_hidden, DROP COLUMN board_revision")


def _columns(table: str) -> set[str]:
    return {column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)}
