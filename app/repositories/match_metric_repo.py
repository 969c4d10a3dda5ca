"""matches, as the metrics of achievements see them."""

import json
from collections.abc import Sequence

from app.rules.match_rules import BestOfMatches, SettledMatch
from app.transaction import Transaction


def list_settled(tx: Transaction, keys: Sequence[tuple[str, object]]) -> list[SettledMatch]:
    """The matches with these (user id, match id) as they were settled, voided ones too."""
    rows = tx.execute(
        """
        SELECT STRAIGHT_JOIN m.user_id, m.is_win, m.score, m.wave_reached, m.status = 'voided' AS voided
        FROM JSON_TABLE(:keys, '$[*]' COLUMNS (user_id BIGINT PATH '$[0]', id BIGINT PATH '$[1]')) AS k
        JOIN matches m FORCE INDEX (PRIMARY) ON m.user_id = k.user_id AND m.id = k.id
        WHERE m.status IN ('finished', 'voided')
        """,
        {"keys": json.dumps(keys)},
    )
    return [
        SettledMatch(row.user_id, bool(row.is_win), row.score, row.wave_reached, voided=bool(row.voided))
        for row in rows
    ]


def list_bests(tx: Transaction, users: Sequence[int]) -> list[BestOfMatches]:
    """The best score and wave of these users' finished matches; who has none is left out."""
    rows = tx.execute(
        """
        SELECT STRAIGHT_JOIN m.user_id, MAX(m.score) AS score, MAX(m.wave_reached) AS wave
        FROM JSON_TABLE(:users, '$[*]' COLUMNS (user_id BIGINT PATH '$')) AS u
        JOIN matches m FORCE INDEX (PRIMARY) ON m.user_id = u.user_id
        WHERE m.status = 'finished'
        GROUP BY m.user_id
        """,
        {"users": json.dumps(users)},
    )
    return [BestOfMatches(row.user_id, row.score, row.wave) for row in rows]
