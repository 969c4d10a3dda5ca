"""match_reviews: implausible results of matches, waiting for a decision; a row per match and different result."""

import json

from sqlalchemy import Row

from app.canonical_json import canonical_json
from app.clock import from_column, from_nullable_column
from app.rules.match_rules import MatchResult
from app.rules.review_rules import Review
from app.transaction import Transaction

MOST_RESULTS = 10  # of one match

_COLUMNS = """
               r.id, r.match_id, r.user_id, u.username, r.status,
               r.is_win, r.score, r.duration_seconds, r.wave_reached, r.implausible_json,
               r.attempts, r.created_at, r.decided_at, r.decided_by"""


def record(
    tx: Transaction,
    *,
    match_id: int,
    user_id: int,
    result: MatchResult,
    implausible: dict[str, str],
    request_id: str,
) -> None:
    """Keep a refused result of a match that this transaction has locked; the same one again only counts.

    A match has at most MOST_RESULTS of them, so that a client cannot fill the table.
    """
    facts = {
        "match_id": match_id,
        "is_win": result.is_win,
        "score": result.score,
        "duration_seconds": result.duration_seconds,
        "wave_reached": result.wave_reached,
    }
    repeated = tx.execute(
        """
        UPDATE match_reviews
        SET attempts = attempts + 1
        WHERE match_id = :match_id
          AND is_win = :is_win
          AND score = :score
          AND duration_seconds = :duration_seconds
          AND wave_reached = :wave_reached
        """,
        facts,
    )
    if repeated.rowcount:
        return
    tx.execute(
        """
        INSERT INTO match_reviews
               (match_id, user_id, is_win, score, duration_seconds, wave_reached, implausible_json, request_id,
                created_at)
        SELECT :match_id, :user_id, :is_win, :score, :duration_seconds, :wave_reached, :implausible, :request_id, :now
        FROM (SELECT COUNT(*) AS kept FROM match_reviews WHERE match_id = :match_id) AS present
        WHERE present.kept < :most
        """,
        {
            **facts,
            "user_id": user_id,
            "implausible": canonical_json(implausible),
            "request_id": request_id,
            "now": tx.now,
            "most": MOST_RESULTS,
        },
    )


def list_by_status(tx: Transaction, *, status: str, before_id: int, limit: int) -> list[Review]:
    """Reviews of one status with an id below `before_id`, newest first.

    The index is forced: for a LIMIT the optimizer would rather walk the primary key past all other statuses.
    """
    rows = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM match_reviews r FORCE INDEX (ix_match_reviews_status)
        LEFT JOIN users u ON u.id = r.user_id
        WHERE r.status = :status
          AND r.id < :before_id
        ORDER BY r.id DESC
        LIMIT :limit
        """,
        {"status": status, "before_id": before_id, "limit": limit},
    )
    return [_review(row) for row in rows]


def find(tx: Transaction, review_id: int) -> Review | None:
    """One review, unlocked."""
    row = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM match_reviews r
        LEFT JOIN users u ON u.id = r.user_id
        WHERE r.id = :review_id
        """,
        {"review_id": review_id},
    ).one_or_none()
    return _review(row) if row else None


def decide(tx: Transaction, review_id: int, *, status: str, decided_by: int) -> bool:
    """Close an open review; False if it is not open."""
    result = tx.execute(
        """
        UPDATE match_reviews
        SET status = :status,
            decided_at = :now,
            decided_by = :decided_by
        WHERE id = :review_id
          AND status = 'open'
        """,
        {"review_id": review_id, "status": status, "now": tx.now, "decided_by": decided_by},
    )
    return result.rowcount == 1


def _review(row: Row[tuple[object, ...]]) -> Review:
    return Review(
        id=row.id,
        match_id=row.match_id,
        user_id=row.user_id,
        username=row.username,
        status=row.status,
        result=MatchResult(bool(row.is_win), row.score, row.duration_seconds, row.wave_reached),
        implausible=json.loads(row.implausible_json),
        attempts=row.attempts,
        created_at=from_column(row.created_at),
        decided_at=from_nullable_column(row.decided_at),
        decided_by=row.decided_by,
    )
