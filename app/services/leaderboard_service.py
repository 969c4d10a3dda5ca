"""Leaderboards: top, surroundings, own standing, seasons (contract, "System 1").

The board itself comes from the index of leaderboard_scores.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.errors import Conflict, LeaderboardNotFound, ScoreNotFound, SeasonNotFound
from app.repositories import audit_repo, leaderboard_rank_repo, leaderboard_repo, leaderboard_season_repo
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
from app.transaction import Transaction, transaction


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


@transaction("get_leaderboard")
def get_top(tx: Transaction, board_code: str, *, season: int | None, limit: int, offset: int) -> BoardPage:
    """Up to `limit` entries behind the first `offset`, of the open season or the one named.

    Raises LeaderboardNotFound, SeasonNotFound.
    """
    found = _get_season(tx, board_code, season)
    entries = leaderboard_rank_repo.list_top(tx, board_code=board_code, season=found.season, limit=limit, offset=offset)
    total = leaderboard_rank_repo.count(tx, board_code=board_code, season=found.season, most=MAX_COUNTED)
    return BoardPage(found, ranked(entries, offset + 1), total)


@transaction("get_leaderboard_around")
def get_around(tx: Transaction, board_code: str, *, season: int | None, user_id: int, limit: int) -> BoardPage:
    """`limit` entries with the player's own in their middle.

    Raises LeaderboardNotFound, SeasonNotFound, and ScoreNotFound if the board does not show him.
    """
    found = _get_season(tx, board_code, season)
    own = _get_entry(tx, found, user_id)
    above = leaderboard_rank_repo.list_above(tx, own, board_code=board_code, season=found.season, limit=limit - 1)
    below = leaderboard_rank_repo.list_below(tx, own, board_code=board_code, season=found.season, limit=limit - 1)
    rank, total = _count_rank(tx, found, own)
    return BoardPage(found, window(above, own, below, own_rank=rank, limit=limit), total)


@transaction("get_leaderboard_standing")
def get_standing(tx: Transaction, board_code: str, *, season: int | None, user_id: int) -> Standing:
    """The player's own place. Raises as `get_around`."""
    found = _get_season(tx, board_code, season)
    own = _get_entry(tx, found, user_id)
    above = leaderboard_rank_repo.list_above(tx, own, board_code=board_code, season=found.season, limit=1)
    rank, total = _count_rank(tx, found, own)
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

    With `season` only that one is opened; if it is open already it is returned with `replayed` set. Raises
    LeaderboardNotFound, and Conflict for a season that is not the next.
    """
    closing = leaderboard_season_repo.lock_open(tx, board_code)
    if closing is None:
        raise LeaderboardNotFound(board_code=board_code)
    if season == closing:
        return OpenedSeason(_get_season(tx, board_code, closing), replayed=True)
    if season is not None and season != closing + 1:
        raise Conflict(reason=f"Season {closing} is open, so {closing + 1} is the next")
    leaderboard_season_repo.open_next(tx, board_code, closing=closing)
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
    leaderboard_repo.hide_or_show(tx, user_ids=[int(event.event_key) for event in events])


def _get_season(tx: Transaction, board_code: str, season: int | None) -> Season:
    found = leaderboard_season_repo.find(tx, board_code, season)
    if found is not None:
        return found
    if leaderboard_season_repo.board_exists(tx, board_code):
        raise SeasonNotFound(board_code=board_code, season=season)
    raise LeaderboardNotFound(board_code=board_code)


def _get_entry(tx: Transaction, season: Season, user_id: int) -> BoardEntry:
    own = leaderboard_rank_repo.find(tx, board_code=season.board_code, season=season.season, user_id=user_id)
    if own is None:
        raise ScoreNotFound(user_id=user_id, board_code=season.board_code, season=season.season)
    return own


def _count_rank(tx: Transaction, season: Season, own: BoardEntry) -> tuple[int | None, int | None]:
    """Rank and total as far as they can be counted."""
    ahead = leaderboard_rank_repo.count_above(
        tx, own, board_code=season.board_code, season=season.season, most=MAX_COUNTED
    )
    total = leaderboard_rank_repo.count(tx, board_code=season.board_code, season=season.season, most=MAX_COUNTED)
    return None if ahead is None else ahead + 1, total
