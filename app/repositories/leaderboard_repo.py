"""leaderboard_scores: the best score of a player in a season. leaderboard_rank_repo reads the boards."""

import json
from collections.abc import Collection
from datetime import datetime

from app.rules.leaderboard_rules import BestScore
from app.transaction import Statement, Transaction

# Assignments run from left to right: achieved_at looks at the old score, so it stands first.


def upsert_best_score(
    *, user_id: int, board_code: str, season: int, score: int, hidden: bool, now: datetime
) -> Statement:
    """Enter the score if it beats the player's best; a repeat of the best keeps the earlier `achieved_at`.

    The times of two settlements of one player may come in the other order than their commits: so the earlier of two
    equal scores is chosen by its time, not by its turn.

    `hidden` is what the locked progress says of the player.
    """
    return Statement(
        """
        INSERT INTO leaderboard_scores (board_code, season, user_id, score, achieved_at, updated_at, hidden)
        VALUES (:board_code, :season, :user_id, :score, :now, :now, :hidden)
        ON DUPLICATE KEY UPDATE
               achieved_at = CASE
                   WHEN VALUES(score) > score THEN VALUES(achieved_at)
                   WHEN VALUES(score) = score THEN LEAST(achieved_at, VALUES(achieved_at))
                   ELSE achieved_at
               END,
               score = GREATEST(score, VALUES(score)),
               updated_at = VALUES(updated_at)
        """,
        {"board_code": board_code, "season": season, "user_id": user_id, "score": score, "hidden": hidden, "now": now},
    )


def hide_or_show(tx: Transaction, *, user_ids: Collection[int]) -> None:
    """Hide every score of these users who are not active, show those of the others; the scores stay.

    Their progress rows are locked first, as in a settlement, so a score that is being settled is hidden too.
    """
    ids = json.dumps(sorted(set(user_ids)))
    tx.execute(
        """
        UPDATE player_progress p
        JOIN JSON_TABLE(:ids, '$[*]' COLUMNS (id BIGINT PATH '$')) AS ids ON ids.id = p.user_id
        LEFT JOIN users u ON u.id = p.user_id
        SET p.board_hidden = COALESCE(u.status <> 'active', TRUE),
            p.board_revision = p.board_revision + 1
        """,
        {"ids": ids},
    )
    tx.execute(
        """
        UPDATE JSON_TABLE(:ids, '$[*]' COLUMNS (id BIGINT PATH '$')) AS ids
        STRAIGHT_JOIN player_progress p ON p.user_id = ids.id
        STRAIGHT_JOIN leaderboard_seasons l
        STRAIGHT_JOIN leaderboard_scores s
           ON s.board_code = l.board_code AND s.season = l.season AND s.user_id = ids.id
        SET s.hidden = p.board_hidden
        WHERE s.hidden <> p.board_hidden
        """,
        {"ids": ids},
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
