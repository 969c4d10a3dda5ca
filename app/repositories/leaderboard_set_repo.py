"""What the boards' sorted sets are made of: scores with the revisions of their players, and which sets lost some."""

import json
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Row

from app.clock import from_column
from app.repositories.leaderboard_season_repo import season_of
from app.rules.leaderboard_rules import BestScore, Season
from app.rules.leaderboard_set_rules import Place
from app.transaction import Transaction


def list_kept_seasons(tx: Transaction) -> list[Season]:
    """The seasons that have a sorted set: of each board the open one and the one before it."""
    rows = tx.execute(
        """
        SELECT s.board_code, s.season, s.opened_at, s.closed_at, s.set_lost_at, s.rewards_job_id
        FROM leaderboards l
        JOIN leaderboard_seasons s ON s.board_code = l.board_code AND s.season >= l.season - 1
        """,
        {},
    )
    return [season_of(row) for row in rows]


def list_places_of(tx: Transaction, user_ids: Collection[int]) -> dict[tuple[str, int], list[Place]]:
    """What the kept boards must show of these users, by board and season.

    Of a user who was never hidden or voided nothing is said where he has no score.
    """
    rows = tx.execute(
        """
        SELECT STRAIGHT_JOIN p.user_id, p.board_revision, b.board_code, b.season, s.score, s.achieved_at, s.hidden
        FROM JSON_TABLE(:ids, '$[*]' COLUMNS (id BIGINT PATH '$')) AS ids
        JOIN player_progress p ON p.user_id = ids.id
        JOIN leaderboards l
        JOIN leaderboard_seasons b ON b.board_code = l.board_code AND b.season >= l.season - 1
        LEFT JOIN leaderboard_scores s
               ON s.board_code = b.board_code AND s.season = b.season AND s.user_id = p.user_id
        WHERE s.user_id IS NOT NULL
           OR p.board_revision > 0
        """,
        {"ids": json.dumps(sorted(set(user_ids)))},
    )
    places: dict[tuple[str, int], list[Place]] = {}
    for row in rows:
        places.setdefault((row.board_code, row.season), []).append(_place(row))
    return places


def list_page(tx: Transaction, season: Season, *, after_id: int, limit: int) -> list[Place]:
    """The next `limit` players of a season's board behind the user `after_id`, in the order of their ids."""
    rows = tx.execute(
        """
        SELECT STRAIGHT_JOIN s.user_id, COALESCE(p.board_revision, 0) AS board_revision,
               s.score, s.achieved_at, s.hidden
        FROM leaderboard_scores s
        LEFT JOIN player_progress p ON p.user_id = s.user_id
        WHERE s.board_code = :board_code
          AND s.season = :season
          AND s.user_id > :after_id
        ORDER BY s.user_id
        LIMIT :limit
        """,
        {"board_code": season.board_code, "season": season.season, "after_id": after_id, "limit": limit},
    )
    return [_place(row) for row in rows]


def note_loss(tx: Transaction) -> None:
    """The kept sets missed something just now."""
    tx.execute(
        """
        UPDATE leaderboard_seasons s
        JOIN leaderboards l ON l.board_code = s.board_code
        SET s.set_lost_at = :now
        WHERE s.season >= l.season - 1
        """,
        {"now": tx.now},
    )


def clear_loss(tx: Transaction, season: Season, *, lost_at: datetime) -> None:
    """A set was built that holds what was missed up to `lost_at`; a later loss stays noted."""
    tx.execute(
        """
        UPDATE leaderboard_seasons
        SET set_lost_at = NULL
        WHERE board_code = :board_code
          AND season = :season
          AND set_lost_at <= :lost_at
        """,
        {"board_code": season.board_code, "season": season.season, "lost_at": lost_at},
    )


def _place(row: Row[tuple[object, ...]]) -> Place:
    shown = row.score is not None and not row.hidden
    best = BestScore(row.score, from_column(row.achieved_at)) if shown else None
    return Place(row.user_id, row.board_revision, best)
