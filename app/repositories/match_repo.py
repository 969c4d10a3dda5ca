"""matches: one row per match, which becomes its settlement, ledger entry and receipt when it is finished.

Clustered by player, `PRIMARY KEY (user_id, id)`; `uq_matches_id (id)` serves staff, who know only the id.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row

from app.clock import from_column, from_nullable_column
from app.rules.leaderboard_rules import BestScore, BoardState
from app.rules.match_explain_rules import MatchInputs
from app.rules.match_rules import RULE_VERSION, Match, MatchResult, MatchRewards, Receipt
from app.rules.progress_rules import Progress
from app.transaction import Statement, Transaction


@dataclass(frozen=True, slots=True)
class LockedMatch:
    """A match and its player's progress, both locked, and the open season of the board it counts for."""

    match: Match
    progress: Progress | None
    board_state: BoardState
    season: int


_COLUMNS = """
               m.id, m.user_id, m.status, m.mode, m.started_at, m.finished_at,
               m.is_win, m.score, m.duration_seconds, m.wave_reached,
               m.xp_granted, m.soft_currency_granted, m.board_code, m.season, m.request_id"""


def lock_with_progress(tx: Transaction, *, user_id: int, match_id: int, board_code: str) -> LockedMatch | None:
    """Lock the player's match, then his progress; None if he has no such match. The season is read unlocked."""
    row = tx.execute(
        f"""
        SELECT {_COLUMNS},
               p.user_id AS progress_user_id, p.xp, p.level, p.soft_currency, p.updated_at,
               p.board_hidden, p.board_revision,
               (SELECT l.season FROM leaderboards l WHERE l.board_code = :board_code) AS open_season
        FROM matches m
        LEFT JOIN player_progress p ON p.user_id = m.user_id
        WHERE m.user_id = :user_id
          AND m.id = :match_id
        FOR UPDATE
        """,
        {"user_id": user_id, "match_id": match_id, "board_code": board_code},
    ).one_or_none()
    if row is None:
        return None
    progress = (
        None
        if row.progress_user_id is None
        else Progress(row.progress_user_id, row.xp, row.level, row.soft_currency, from_column(row.updated_at))
    )
    board_state = BoardState(bool(row.board_hidden), row.board_revision or 0)
    return LockedMatch(_match(row), progress, board_state, row.open_season)


def insert_started(
    tx: Transaction,
    *,
    user_id: int,
    mode: str | None = None,
    match_id: int | None = None,
    started_at: datetime | None = None,
) -> int:
    """Open a match and return its id; without `match_id` the database makes one, without `started_at` it is now."""
    result = tx.execute(
        """
        INSERT INTO matches (id, user_id, mode, started_at)
        VALUES (:match_id, :user_id, :mode, :started_at)
        """,
        {"match_id": match_id, "user_id": user_id, "mode": mode, "started_at": started_at or tx.now},
    )
    return int(result.lastrowid)


def write_settlement(
    *,
    user_id: int,
    match_id: int,
    result: MatchResult,
    receipt: Receipt,
    before: Progress,
    level: int,
    now: datetime,
) -> Statement:
    """Finish the locked match and add its rewards to the locked progress, in one statement.

    `before` is the locked progress, `level` what the new xp makes; it never falls here.
    """
    return Statement(
        """
        UPDATE matches m
        JOIN player_progress p ON p.user_id = m.user_id
        SET p.xp = p.xp + :xp,
            p.soft_currency = p.soft_currency + :soft_currency,
            p.level = GREATEST(p.level, :level),
            p.updated_at = :now,
            m.status = 'finished',
            m.finished_at = :now,
            m.is_win = :is_win,
            m.score = :score,
            m.duration_seconds = :duration_seconds,
            m.wave_reached = :wave_reached,
            m.xp_granted = :xp,
            m.soft_currency_granted = :soft_currency,
            m.board_code = :board_code,
            m.season = :season,
            m.request_id = :request_id,
            m.rule_version = :rule_version,
            m.xp_before = :xp_before,
            m.soft_currency_before = :soft_currency_before,
            m.level_before = :level_before,
            m.best_score_before = (
                SELECT s.score
                FROM leaderboard_scores s
                WHERE s.board_code = :board_code
                  AND s.season = :season
                  AND s.user_id = :user_id
            )
        WHERE m.user_id = :user_id
          AND m.id = :match_id
        """,
        {
            "user_id": user_id,
            "match_id": match_id,
            "now": now,
            "level": level,
            "is_win": result.is_win,
            "score": result.score,
            "duration_seconds": result.duration_seconds,
            "wave_reached": result.wave_reached,
            "xp": receipt.rewards.xp,
            "soft_currency": receipt.rewards.soft_currency,
            "board_code": receipt.board_code,
            "season": receipt.season,
            "request_id": receipt.request_id,
            "rule_version": RULE_VERSION,
            "xp_before": before.xp,
            "soft_currency_before": before.soft_currency,
            "level_before": before.level,
        },
    )


def find_inputs(tx: Transaction, *, user_id: int, match_id: int) -> MatchInputs | None:
    """What the settlement of the player's match started from; None if that was not written down."""
    row = tx.execute(
        """
        SELECT rule_version, xp_before, soft_currency_before, level_before, best_score_before
        FROM matches
        WHERE user_id = :user_id
          AND id = :match_id
          AND rule_version IS NOT NULL
        """,
        {"user_id": user_id, "match_id": match_id},
    ).one_or_none()
    if row is None:
        return None
    return MatchInputs(
        rule_version=row.rule_version,
        xp=row.xp_before,
        soft_currency=row.soft_currency_before,
        level=row.level_before,
        best_score=row.best_score_before,
    )


def find_of_player(tx: Transaction, *, user_id: int, match_id: int) -> Match | None:
    """The player's own match."""
    row = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM matches m
        WHERE m.user_id = :user_id
          AND m.id = :match_id
        """,
        {"user_id": user_id, "match_id": match_id},
    ).one_or_none()
    return _match(row) if row else None


def find(tx: Transaction, match_id: int) -> Match | None:
    """Anybody's match, for staff."""
    row = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM matches m
        WHERE m.id = :match_id
        """,
        {"match_id": match_id},
    ).one_or_none()
    return _match(row) if row else None


def find_best(tx: Transaction, *, user_id: int, board_code: str, season: int, except_id: int) -> BestScore | None:
    """The player's best other finished match of a board and season, of equal ones the earliest.

    Walks all matches of the player: for voids, not for what is asked often.
    """
    row = tx.execute(
        """
        SELECT score, finished_at
        FROM matches
        WHERE user_id = :user_id
          AND status = 'finished'
          AND board_code = :board_code
          AND season = :season
          AND id <> :except_id
        ORDER BY score DESC, finished_at
        LIMIT 1
        """,
        {"user_id": user_id, "board_code": board_code, "season": season, "except_id": except_id},
    ).one_or_none()
    return BestScore(row.score, from_column(row.finished_at)) if row else None


def list_of_player(tx: Transaction, *, user_id: int, before_id: int, limit: int) -> list[Match]:
    """The player's matches with an id below `before_id`, newest first."""
    rows = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM matches m
        WHERE m.user_id = :user_id
          AND m.id < :before_id
        ORDER BY m.id DESC
        LIMIT :limit
        """,
        {"user_id": user_id, "before_id": before_id, "limit": limit},
    )
    return [_match(row) for row in rows]


def last_started_before(tx: Transaction, *, after_id: int, cutoff: datetime, limit: int) -> tuple[int | None, int]:
    """Of the next `limit` matches after `after_id`: the last id before the first younger than the cutoff, and how many.

    Ids are given in the order of starts, so all behind a younger one are younger too.
    """
    rows = tx.execute(
        """
        SELECT m.id, m.started_at
        FROM matches m
        WHERE m.id > :after_id
        ORDER BY m.id
        LIMIT :limit
        """,
        {"after_id": after_id, "limit": limit},
    )
    last_id, seen = None, 0
    for row in rows:
        if from_column(row.started_at) > cutoff:
            break
        last_id, seen = row.id, seen + 1
    return last_id, seen


def abandon_open(tx: Transaction, *, after_id: int, last_id: int, except_id: int) -> int:
    """Close the open matches of a range of ids without a result; returns how many."""
    return tx.execute(
        """
        UPDATE matches
        SET status = 'abandoned'
        WHERE id > :after_id
          AND id <= :last_id
          AND id <> :except_id
          AND status = 'started'
        """,
        {"after_id": after_id, "last_id": last_id, "except_id": except_id},
    ).rowcount


def _match(row: Row[tuple[object, ...]]) -> Match:
    settled = row.finished_at is not None and row.score is not None
    return Match(
        id=row.id,
        user_id=row.user_id,
        status=row.status,
        mode=row.mode,
        started_at=from_column(row.started_at),
        finished_at=from_nullable_column(row.finished_at),
        result=MatchResult(bool(row.is_win), row.score, row.duration_seconds, row.wave_reached) if settled else None,
        receipt=Receipt(
            MatchRewards(row.xp_granted, row.soft_currency_granted),
            row.board_code,
            row.season,
            row.request_id,
        )
        if settled
        else None,
    )
