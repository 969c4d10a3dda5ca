"""leaderboards (the open season of each board) and leaderboard_seasons (when each was opened and closed)."""

from sqlalchemy import Row

from app.clock import from_column, from_nullable_column
from app.rules.leaderboard_rules import Season
from app.transaction import Transaction

_COLUMNS = """
               s.board_code, s.season, s.opened_at, s.closed_at, s.set_lost_at, s.rewards_job_id"""


def find(tx: Transaction, board_code: str, season: int | None) -> Season | None:
    """A season of a board, the open one if `season` is None."""
    row = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM leaderboards l
        JOIN leaderboard_seasons s ON s.board_code = l.board_code AND s.season = COALESCE(:season, l.season)
        WHERE l.board_code = :board_code
        """,
        {"board_code": board_code, "season": season},
    ).one_or_none()
    return season_of(row) if row else None


def board_exists(tx: Transaction, board_code: str) -> bool:
    """Whether there is such a board."""
    row = tx.execute(
        """
        SELECT 1
        FROM leaderboards
        WHERE board_code = :board_code
        """,
        {"board_code": board_code},
    ).one_or_none()
    return row is not None


def list_newest(tx: Transaction, board_code: str, *, limit: int, offset: int) -> list[Season]:
    """Seasons of a board, newest first."""
    rows = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM leaderboard_seasons s
        WHERE s.board_code = :board_code
        ORDER BY s.season DESC
        LIMIT :limit OFFSET :offset
        """,
        {"board_code": board_code, "limit": limit, "offset": offset},
    )
    return [season_of(row) for row in rows]


def lock_open(tx: Transaction, board_code: str) -> int | None:
    """Lock the board's row; its open season, None if there is no such board. Settlements only read it."""
    row = tx.execute(
        """
        SELECT season
        FROM leaderboards
        WHERE board_code = :board_code
        FOR UPDATE
        """,
        {"board_code": board_code},
    ).one_or_none()
    return row.season if row else None


def open_next(tx: Transaction, board_code: str, *, closing: int, rewards_job_id: int) -> None:
    """Close the season of the locked board, which that job pays, and open the one after it."""
    facts = {
        "board_code": board_code,
        "closing": closing,
        "opening": closing + 1,
        "now": tx.now,
        "rewards_job_id": rewards_job_id,
    }
    tx.execute(
        """
        UPDATE leaderboard_seasons
        SET closed_at = :now,
            rewards_job_id = :rewards_job_id
        WHERE board_code = :board_code
          AND season = :closing
        """,
        facts,
    )
    tx.execute(
        """
        INSERT INTO leaderboard_seasons (board_code, season, opened_at)
        VALUES (:board_code, :opening, :now)
        """,
        facts,
    )
    tx.execute(
        """
        UPDATE leaderboards
        SET season = :opening
        WHERE board_code = :board_code
        """,
        facts,
    )


def season_of(row: Row[tuple[object, ...]]) -> Season:
    """The mapper of the columns above."""
    return Season(
        board_code=row.board_code,
        season=row.season,
        opened_at=from_column(row.opened_at),
        closed_at=from_nullable_column(row.closed_at),
        set_lost_at=from_nullable_column(row.set_lost_at),
        rewards_job_id=row.rewards_job_id,
    )
