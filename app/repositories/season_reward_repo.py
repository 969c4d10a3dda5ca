"""leaderboard_rewards (what a place pays) and season_rewards (what was paid, once per player, board and season)."""

import json
from collections.abc import Collection, Sequence

from app.clock import from_column
from app.rules.leaderboard_rules import BoardEntry, PlaceReward, RankedEntry
from app.transaction import Transaction


def list_rewards(tx: Transaction, board_code: str) -> list[PlaceReward]:
    """What the places of a board pay, from the first down."""
    rows = tx.execute(
        """
        SELECT first_place, last_place, xp, soft_currency
        FROM leaderboard_rewards
        WHERE board_code = :board_code
        ORDER BY first_place
        """,
        {"board_code": board_code},
    )
    return [PlaceReward(row.first_place, row.last_place, row.xp, row.soft_currency) for row in rows]


def find_last(tx: Transaction, *, board_code: str, season: int) -> RankedEntry | None:
    """The last place that was paid."""
    row = tx.execute(
        """
        SELECT place, user_id, score, achieved_at
        FROM season_rewards
        WHERE board_code = :board_code
          AND season = :season
        ORDER BY place DESC
        LIMIT 1
        """,
        {"board_code": board_code, "season": season},
    ).one_or_none()
    if row is None:
        return None
    return RankedEntry(row.place, BoardEntry(row.user_id, None, row.score, from_column(row.achieved_at)))


def find_paid(tx: Transaction, *, board_code: str, season: int, user_ids: Collection[int]) -> set[int]:
    """Which of these users were paid for the season."""
    rows = tx.execute(
        """
        SELECT STRAIGHT_JOIN r.user_id
        FROM JSON_TABLE(:ids, '$[*]' COLUMNS (id BIGINT PATH '$')) AS ids
        JOIN season_rewards r ON r.user_id = ids.id AND r.board_code = :board_code AND r.season = :season
        """,
        {"ids": json.dumps(list(user_ids)), "board_code": board_code, "season": season},
    )
    return {row.user_id for row in rows}


def insert(tx: Transaction, *, board_code: str, season: int, places: Sequence[tuple[RankedEntry, PlaceReward]]) -> None:
    """Enter what the places are paid."""
    rows = [
        [
            ranked.entry.user_id,
            ranked.rank,
            ranked.entry.score,
            ranked.entry.achieved_at.replace(tzinfo=None).isoformat(sep=" ", timespec="milliseconds"),
            reward.xp,
            reward.soft_currency,
        ]
        for ranked, reward in places
    ]
    tx.execute(
        """
        INSERT INTO season_rewards
               (user_id, board_code, season, place, score, achieved_at, xp, soft_currency, granted_at)
        SELECT paid.user_id, :board_code, :season, paid.place, paid.score, paid.achieved_at, paid.xp,
               paid.soft_currency, :now
        FROM JSON_TABLE(:places, '$[*]' COLUMNS (
            user_id BIGINT PATH '$[0]',
            place INT PATH '$[1]',
            score BIGINT PATH '$[2]',
            achieved_at DATETIME(3) PATH '$[3]',
            xp BIGINT PATH '$[4]',
            soft_currency BIGINT PATH '$[5]'
        )) AS paid
        """,
        {"board_code": board_code, "season": season, "places": json.dumps(rows), "now": tx.now},
    )
