"""leaderboards (the open season of each board) and leaderboard_scores (the best score of a player in a season)."""

from datetime import datetime

from app.transaction import Statement

# Assignments run from left to right: achieved_at looks at the old score, so it stands first.


def upsert_best_score(*, user_id: int, board_code: str, season: int, score: int, now: datetime) -> Statement:
    """Enter the score if it beats the player's best; a repeat of the best keeps the earlier `achieved_at`."""
    return Statement(
        """
        INSERT INTO leaderboard_scores (board_code, season, user_id, score, achieved_at, updated_at)
        VALUES (:board_code, :season, :user_id, :score, :now, :now)
        ON DUPLICATE KEY UPDATE
               achieved_at = IF(VALUES(score) > score, VALUES(achieved_at), achieved_at),
               score = GREATEST(score, VALUES(score)),
               updated_at = VALUES(updated_at)
        """,
        {"board_code": board_code, "season": season, "user_id": user_id, "score": score, "now": now},
    )
