"""Leaderboards: the best score of a season counts, the earlier of two equal ones ranks higher."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

MAX_COUNTED = 10_000  # how far a rank or a total is counted row by row


@dataclass(frozen=True, slots=True)
class BestScore:
    """A player's best score of a season and when he first had it."""

    score: int
    achieved_at: datetime


@dataclass(frozen=True, slots=True)
class BoardState:
    """What the boards must know of a player: whether they hide him, and how often what they show may have fallen."""

    hidden: bool
    revision: int


@dataclass(frozen=True, slots=True)
class Season:
    """A season of a board; open until `closed_at`. Its sorted set has missed something since `set_lost_at`.

    `rewards_job_id` is the job that pays its places.
    """

    board_code: str
    season: int
    opened_at: datetime
    closed_at: datetime | None
    set_lost_at: datetime | None
    rewards_job_id: int | None


@dataclass(frozen=True, slots=True)
class BoardEntry:
    """A player on a board."""

    user_id: int
    display_name: str | None
    score: int
    achieved_at: datetime


@dataclass(frozen=True, slots=True)
class RankedEntry:
    """A player on a board with his rank from 1 on; None if it is too deep to be counted."""

    rank: int | None
    entry: BoardEntry


@dataclass(frozen=True, slots=True)
class PlaceReward:
    """What the places `first_place` to `last_place` of a closed season pay."""

    first_place: int
    last_place: int
    xp: int
    soft_currency: int


def reward_of(place: int, rewards: Sequence[PlaceReward]) -> PlaceReward | None:
    """What that place pays; of ranges that overlap the one that begins later counts."""
    found = [reward for reward in rewards if reward.first_place <= place <= reward.last_place]
    return max(found, key=lambda reward: reward.first_place, default=None)


def ranked(entries: Sequence[BoardEntry], first_rank: int | None) -> list[RankedEntry]:
    """Entries in the board's order, the first of which has that rank."""
    return [
        RankedEntry(None if first_rank is None else first_rank + position, entry)
        for position, entry in enumerate(entries)
    ]


def window(
    above: Sequence[BoardEntry], own: BoardEntry, below: Sequence[BoardEntry], *, own_rank: int | None, limit: int
) -> list[RankedEntry]:
    """`limit` entries with the own one in the middle, or as near to it as the ends of the board allow.

    `above` is nearest first, `below` too.
    """
    half = limit // 2
    shown_above = min(len(above), max(half, limit - 1 - len(below)))
    entries = [*reversed(above[:shown_above]), own, *below[: limit - 1 - shown_above]]
    return ranked(entries, None if own_rank is None else own_rank - shown_above)


def percentile(rank: int | None, total: int | None) -> float | None:
    """The share of the board's players who do not rank above, in per cent with two decimals: 100 for the first."""
    if rank is None or not total:
        return None
    return round(100 * max(total - rank + 1, 1) / total, 2)


def points_to_next(own: BoardEntry, next_above: BoardEntry | None) -> int | None:
    """How many points would overtake the next one: an equal score that comes later does not. None for the first."""
    return None if next_above is None else next_above.score - own.score + 1
