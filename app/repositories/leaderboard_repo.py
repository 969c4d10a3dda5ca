"""leaderboards (the open season of each board) and leaderboard_scores (the best score of a player in a season)."""

from datetime import datetime

from app.rules.leaderboard_rules import BestScore
from app.transaction import Statement, Transaction

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


def find_score(tx: Transaction, *, user_id: int, board_code: str, season: int) -> int | None:
    """The player's best score of a season."""
    row = tx.execute(
        """
        SELECT score
        FROM leaderboard_scores
        WHERE board_code = :board_code
          AND season = :season
          AND user_id = :user_id
        """,
        {"board_code": board_code, "season": season, "user_id": user_id},
    ).one_or_none()
    return row.score if row else None


def fall_back(*, user_id: int, board_code: str, season: int, best: BestScore | None, now: datetime) -> Statement:
    """Set the player's best score of a season to what is left of it after a void; without any it goes."""
    entry = {"board_code": board_code, "season": season, "user_id": user_id}
    if best is None:
        return Statement(
            """
        DELETE FROM leaderboard_scores
        WHERE board_code = :board_code
          AND season = :season
          AND user_id = :user_id
        """,
            entry,
        )
    return Statement(
        """
        UPDATE leaderboard_scores
        SET score = :score,
            achieved_at = :achieved_at,
            updated_at = :now
        WHERE board_code = :board_code
          AND season = :season
          AND user_id = :user_id
        """,
        {**entry, "score": best.score, "achieved_at": best.achieved_at, "now": now},
    )
