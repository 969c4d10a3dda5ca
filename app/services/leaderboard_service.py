"""Leaderboards: top, surroundings, own standing, seasons (contract, "System 1").

The entries come from the index of leaderboard_scores, ranks and totals from the board's sorted set where there is one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.errors import Conflict, LeaderboardNotFound, ScoreNotFound, SeasonNotFound
from app.repositories import audit_repo, leaderboard_rank_repo, leaderboard_repo, leaderboard_season_repo, outbox_repo
from app.rules.leaderboard_rules import (
    MAX_COUNTED,
    BoardEntry,
    RankedEntry,
    Season,
    percentile,
    points_to_next,
    ranked,
    window,
)
from app.rules.outbox_rules import OutboxEvent
from app.services import leaderboard_set_service, season_reward_service
from app.transaction import Transaction, transaction

PLAYER_CHANGED = "leaderboard.player_changed"  # the outbox event: what the boards show of a player may have fallen


@dataclass(frozen=True, slots=True)
class BoardPage:
    """A part of a season's board; `total` is None where the board is too large to be counted."""

    season: Season
    entries: list[RankedEntry]
    total: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A player's place on a board; rank, percentile and total are None where they are too large to be counted."""

    season: Season
    own: RankedEntry
    percentile: float | None
    points_to_next: int | None
    total: int | None


@dataclass(frozen=True, slots=True)
class OpenedSeason:
    """The season that is open now; `replayed` if an earlier request opened it."""

    season: Season
    replayed: bool


def get_top(board_code: str, *, season: int | None, limit: int, offset: int) -> BoardPage:
    """Up to `limit` entries behind the first `offset`, of the open season or the one named.

    Raises LeaderboardNotFound, SeasonNotFound.
    """
    found, entries = _read_top(board_code, season, limit, offset)
    total = leaderboard_set_service.count(found)
    return BoardPage(found, ranked(entries, offset + 1), _count(found) if total is None else total)


def get_around(board_code: str, *, season: int | None, user_id: int, limit: int) -> BoardPage:
    """`limit` entries with the player's own in their middle.

    Raises LeaderboardNotFound, SeasonNotFound, and ScoreNotFound if the board does not show him.
    """
    found, own, above, below = _read_around(board_code, season, user_id, limit - 1, limit - 1)
    rank, total = _find_rank(found, own)
    return BoardPage(found, window(above, own, below, own_rank=rank, limit=limit), total)


def get_standing(board_code: str, *, season: int | None, user_id: int) -> Standing:
    """The player's own place. Raises as `get_around`."""
    found, own, above, _ = _read_around(board_code, season, user_id, 1, 0)
    rank, total = _find_rank(found, own)
    return Standing(
        season=found,
        own=RankedEntry(rank, own),
        percentile=percentile(rank, total),
        points_to_next=points_to_next(own, above[0] if above else None),
        total=total,
    )


@transaction("list_seasons")
def list_seasons(tx: Transaction, board_code: str, *, limit: int, offset: int) -> tuple[list[Season], int]:
    """Seasons of the board, newest first, and how many there are. Raises LeaderboardNotFound."""
    newest = _get_season(tx, board_code, None)
    return leaderboard_season_repo.list_newest(tx, board_code, limit=limit, offset=offset), newest.season


@transaction("open_season")
def open_season(
    tx: Transaction, board_code: str, *, season: int | None, actor_id: int, request_id: str
) -> OpenedSeason:
    """Close the open season and open the next: a settlement counts for the one it read, the old stays readable.

    A job pays the places of the closed one. With `season` only that one is opened; if it is open already it is returned
    with `replayed` set. Raises LeaderboardNotFound, and Conflict for a season that is not the next.
    """
    closing = leaderboard_season_repo.lock_open(tx, board_code)
    if closing is None:
        raise LeaderboardNotFound(board_code=board_code)
    if season == closing:
        return OpenedSeason(_get_season(tx, board_code, closing), replayed=True)
    if season is not None and season != closing + 1:
        raise Conflict(reason=f"Season {closing} is open, so {closing + 1} is the next")
    paying = season_reward_service.enqueue(tx, board_code=board_code, season=closing, created_by=actor_id)
    leaderboard_season_repo.open_next(tx, board_code, closing=closing, rewards_job_id=paying.id)
    audit_repo.insert(
        tx,
        actor_id=actor_id,
        action="leaderboard.open_season",
        subject_type="leaderboard",
        subject_id=closing + 1,
        details={"board_code": board_code, "season": closing + 1},
        request_id=request_id,
    )
    return OpenedSeason(_get_season(tx, board_code, closing + 1), replayed=False)


def follow_status_changes(tx: Transaction, events: Sequence[OutboxEvent]) -> None:
    """Hide the scores of users who are not active, show those of users who are again: `user.status_changed`."""
    user_ids = sorted({int(event.event_key) for event in events})
    leaderboard_repo.hide_or_show(tx, user_ids=user_ids)
    for user_id in user_ids:  # the sorted sets follow, when this has been committed
        tx.execute(*outbox_repo.insert(event_type=PLAYER_CHANGED, key=str(user_id), payload={}, now=tx.now))


def _get_season(tx: Transaction, board_code: str, season: int | None) -> Season:
    found = leaderboard_season_repo.find(tx, board_code, season)
    if found is not None:
        return found
    if leaderboard_season_repo.board_exists(tx, board_code):
        raise SeasonNotFound(board_code=board_code, season=season)
    raise LeaderboardNotFound(board_code=board_code)


@transaction("read_leaderboard")
def _read_top(
    tx: Transaction, board_code: str, season: int | None, limit: int, offset: int
) -> tuple[Season, list[BoardEntry]]:
    found = _get_season(tx, board_code, season)
    entries = leaderboard_rank_repo.list_top(tx, board_code=board_code, season=found.season, limit=limit, offset=offset)
    return found, entries


@transaction("read_leaderboard_around")
def _read_around(
    tx: Transaction, board_code: str, season: int | None, user_id: int, above: int, below: int
) -> tuple[Season, BoardEntry, list[BoardEntry], list[BoardEntry]]:
    """The player's entry with up to so many neighbours on both sides, nearest first."""
    found = _get_season(tx, board_code, season)
    own = leaderboard_rank_repo.find(tx, board_code=board_code, season=found.season, user_id=user_id)
    if own is None:
        raise ScoreNotFound(user_id=user_id, board_code=board_code, season=found.season)
    board: dict[str, Any] = {"board_code": board_code, "season": found.season}
    return (
        found,
        own,
        leaderboard_rank_repo.list_above(tx, own, **board, limit=above) if above else [],
        leaderboard_rank_repo.list_below(tx, own, **board, limit=below) if below else [],
    )


def _find_rank(season: Season, own: BoardEntry) -> tuple[int | None, int | None]:
    """Rank and total from the board's sorted set; without one as far as they can be counted in the index."""
    found = leaderboard_set_service.find_rank(season, own)
    return (found.rank, found.total) if found else _count_rank(season, own)


@transaction("count_leaderboard_rank")
def _count_rank(tx: Transaction, season: Season, own: BoardEntry) -> tuple[int | None, int | None]:
    board: dict[str, Any] = {"board_code": season.board_code, "season": season.season, "most": MAX_COUNTED}
    ahead = leaderboard_rank_repo.count_above(tx, own, **board)
    return None if ahead is None else ahead + 1, leaderboard_rank_repo.count(tx, **board)


@transaction("count_leaderboard")
def _count(tx: Transaction, season: Season) -> int | None:
    return leaderboard_rank_repo.count(tx, board_code=season.board_code, season=season.season, most=MAX_COUNTED)
