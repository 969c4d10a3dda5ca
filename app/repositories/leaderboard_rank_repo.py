"""leaderboard_scores as a board: who stands where. Hidden players are not there, so ranks are dense.

Every statement walks ix_leaderboard_scores_order, (board_code, season, hidden, negative_score, achieved_at, user_id),
forward or backward and for no longer than its limit; "above" and "below" are three ranges of it: another score, the
same at another time, the same at the same time with another id. The index is forced, because for a LIMIT the optimizer
would rather walk the primary key past everybody.
"""

from collections.abc import Iterable

from sqlalchemy import Row

from app.clock import from_column
from app.rules.leaderboard_rules import BoardEntry
from app.transaction import Transaction


def list_top(tx: Transaction, *, board_code: str, season: int, limit: int, offset: int) -> list[BoardEntry]:
    """Entries in the board's order, without the first `offset` ones."""
    rows = tx.execute(
        """
        SELECT page.user_id, u.display_name, -page.negative_score AS score, page.achieved_at
        FROM (
            SELECT user_id, negative_score, achieved_at
            FROM leaderboard_scores FORCE INDEX (ix_leaderboard_scores_order)
            WHERE board_code = :board_code AND season = :season AND hidden = FALSE
            ORDER BY negative_score, achieved_at, user_id
            LIMIT :limit OFFSET :offset
        ) AS page
        LEFT JOIN users u ON u.id = page.user_id
        ORDER BY page.negative_score, page.achieved_at, page.user_id
        """,
        {"board_code": board_code, "season": season, "limit": limit, "offset": offset},
    )
    return _entries(rows)


def find(tx: Transaction, *, board_code: str, season: int, user_id: int) -> BoardEntry | None:
    """The player's own entry, if the board shows it."""
    row = tx.execute(
        """
        SELECT s.user_id, u.display_name, s.score, s.achieved_at
        FROM leaderboard_scores s
        LEFT JOIN users u ON u.id = s.user_id
        WHERE s.board_code = :board_code
          AND s.season = :season
          AND s.user_id = :user_id
          AND s.hidden = FALSE
        """,
        {"board_code": board_code, "season": season, "user_id": user_id},
    ).one_or_none()
    return _entry(row) if row else None


def list_above(tx: Transaction, own: BoardEntry, *, board_code: str, season: int, limit: int) -> list[BoardEntry]:
    """The next entries that rank above that one, nearest first."""
    rows = tx.execute(
        """
        SELECT page.user_id, u.display_name, -page.negative_score AS score, page.achieved_at
        FROM (
            (SELECT user_id, negative_score, achieved_at
             FROM leaderboard_scores FORCE INDEX (ix_leaderboard_scores_order)
             WHERE board_code = :board_code AND season = :season AND hidden = FALSE
               AND negative_score = :negative_score AND achieved_at = :achieved_at AND user_id < :user_id
             ORDER BY user_id DESC
             LIMIT :limit)
            UNION ALL
            (SELECT user_id, negative_score, achieved_at
             FROM leaderboard_scores FORCE INDEX (ix_leaderboard_scores_order)
             WHERE board_code = :board_code AND season = :season AND hidden = FALSE
               AND negative_score = :negative_score AND achieved_at < :achieved_at
             ORDER BY achieved_at DESC, user_id DESC
             LIMIT :limit)
            UNION ALL
            (SELECT user_id, negative_score, achieved_at
             FROM leaderboard_scores FORCE INDEX (ix_leaderboard_scores_order)
             WHERE board_code = :board_code AND season = :season AND hidden = FALSE
               AND negative_score < :negative_score
             ORDER BY negative_score DESC, achieved_at DESC, user_id DESC
             LIMIT :limit)
        ) AS page
        LEFT JOIN users u ON u.id = page.user_id
        ORDER BY page.negative_score DESC, page.achieved_at DESC, page.user_id DESC
        LIMIT :limit
        """,
        {**_place(own, board_code, season), "limit": limit},
    )
    return _entries(rows)


def list_below(tx: Transaction, own: BoardEntry, *, board_code: str, season: int, limit: int) -> list[BoardEntry]:
    """The next entries that rank below that one, nearest first."""
    rows = tx.execute(
        """
        SELECT page.user_id, u.display_name, -page.negative_score AS score, page.achieved_at
        FROM (
            (SELECT user_id, negative_score, achieved_at
             FROM leaderboard_scores FORCE INDEX (ix_leaderboard_scores_order)
             WHERE board_code = :board_code AND season = :season AND hidden = FALSE
               AND negative_score = :negative_score AND achieved_at = :achieved_at AND user_id > :user_id
             ORDER BY user_id
             LIMIT :limit)
            UNION ALL
            (SELECT user_id, negative_score, achieved_at
             FROM leaderboard_scores FORCE INDEX (ix_leaderboard_scores_order)
             WHERE board_code = :board_code AND season = :season AND hidden = FALSE
               AND negative_score = :negative_score AND achieved_at > :achieved_at
             ORDER BY achieved_at, user_id
             LIMIT :limit)
            UNION ALL
            (SELECT user_id, negative_score, achieved_at
             FROM leaderboard_scores FORCE INDEX (ix_leaderboard_scores_order)
             WHERE board_code = :board_code AND season = :season AND hidden = FALSE
               AND negative_score > :negative_score
             ORDER BY negative_score, achieved_at, user_id
             LIMIT :limit)
        ) AS page
        LEFT JOIN users u ON u.id = page.user_id
        ORDER BY page.negative_score, page.achieved_at, page.user_id
        LIMIT :limit
        """,
        {**_place(own, board_code, season), "limit": limit},
    )
    return _entries(rows)


def count_above(tx: Transaction, own: BoardEntry, *, board_code: str, season: int, most: int) -> int | None:
    """How many entries rank above that one; None if there are `most` or more."""
    row = tx.execute(
        """
        SELECT (
            SELECT COUNT(*)
            FROM (
                SELECT 1
                FROM leaderboard_scores FORCE INDEX (ix_leaderboard_scores_order)
                WHERE board_code = :board_code AND season = :season AND hidden = FALSE
               AND negative_score < :negative_score
                LIMIT :most
            ) AS higher
        ) + (
            SELECT COUNT(*)
            FROM (
                SELECT 1
                FROM leaderboard_scores FORCE INDEX (ix_leaderboard_scores_order)
                WHERE board_code = :board_code AND season = :season AND hidden = FALSE
                  AND negative_score = :negative_score AND achieved_at < :achieved_at
                LIMIT :most
            ) AS earlier
        ) + (
            SELECT COUNT(*)
            FROM (
                SELECT 1
                FROM leaderboard_scores FORCE INDEX (ix_leaderboard_scores_order)
                WHERE board_code = :board_code AND season = :season AND hidden = FALSE
                  AND negative_score = :negative_score AND achieved_at = :achieved_at AND user_id < :user_id
                LIMIT :most
            ) AS at_once
        ) AS ahead
        """,
        {**_place(own, board_code, season), "most": most},
    ).one()
    return int(row.ahead) if row.ahead < most else None


def count(tx: Transaction, *, board_code: str, season: int, most: int) -> int | None:
    """How many players the board shows; None if they are more than `most`."""
    row = tx.execute(
        """
        SELECT COUNT(*) AS shown
        FROM (
            SELECT 1
            FROM leaderboard_scores FORCE INDEX (ix_leaderboard_scores_order)
            WHERE board_code = :board_code AND season = :season AND hidden = FALSE
            LIMIT :limit
        ) AS entries
        """,
        {"board_code": board_code, "season": season, "limit": most + 1},
    ).one()
    return int(row.shown) if row.shown <= most else None


def _place(own: BoardEntry, board_code: str, season: int) -> dict[str, object]:
    return {
        "board_code": board_code,
        "season": season,
        "user_id": own.user_id,
        "negative_score": -own.score,
        "achieved_at": own.achieved_at,
    }


def _entries(rows: Iterable[Row[tuple[object, ...]]]) -> list[BoardEntry]:
    return [_entry(row) for row in rows]


def _entry(row: Row[tuple[object, ...]]) -> BoardEntry:
    return BoardEntry(row.user_id, row.display_name, row.score, from_column(row.achieved_at))
