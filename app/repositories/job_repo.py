"""jobs: what is to be done in pages, how far it came, and who holds it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from app.canonical_json import canonical_json
from app.clock import from_column
from app.rules.job_rules import Job, JobStatus, Page
from app.transaction import Transaction

MAX_ERROR = 1000


@dataclass(frozen=True, slots=True)
class JobFigures:
    """Jobs that `failed` within the last day; `wait_seconds`: how long the one waits that waits longest for a node.

    `unswept_seconds`: since when the recurring job that rests longest has done nothing.
    """

    failed: int
    wait_seconds: float
    unswept_seconds: float


_COLUMNS = """
               id, kind, status, recurring, params_json, position, done, total, result_json, error, attempts,
               created_by, created_at, updated_at"""


def insert(
    tx: Transaction,
    *,
    kind: str,
    params: Mapping[str, Any],
    created_by: int | None,
    unique_key: str | None,
    not_before: datetime,
    recurring: bool = False,
) -> int:
    """Queue a job and return its id; the id of the one that holds `unique_key` already, if there is one."""
    return int(
        tx.execute(
            """
        INSERT INTO jobs
               (kind, unique_key, recurring, status, params_json, created_by, leased_until, created_at, updated_at)
        VALUES (:kind, :unique_key, :recurring, 'queued', :params, :created_by, :not_before, :now, :now)
        ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id)
        """,
            {
                "kind": kind,
                "unique_key": unique_key,
                "recurring": recurring,
                "params": canonical_json(params),
                "created_by": created_by,
                "not_before": not_before,
                "now": tx.now,
            },
        ).lastrowid
    )


def find(tx: Transaction, job_id: int) -> Job | None:
    """One job, unlocked."""
    row = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM jobs
        WHERE id = :id
        """,
        {"id": job_id},
    ).one_or_none()
    return _job(row) if row else None


def lock(tx: Transaction, job_id: int) -> Job | None:
    """Lock one job; waits for the end of the page that is being done."""
    row = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM jobs
        WHERE id = :id
        FOR UPDATE
        """,
        {"id": job_id},
    ).one_or_none()
    return _job(row) if row else None


def list_newest(tx: Transaction, *, status: str | None, kind: str | None, before_id: int, limit: int) -> list[Job]:
    """Jobs with an id below `before_id`, newest first, of one status and one kind where these are given."""
    rows = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM jobs
        WHERE id < :before_id
          AND (:status IS NULL OR status = :status)
          AND (:kind IS NULL OR kind = :kind)
        ORDER BY id DESC
        LIMIT :limit
        """,
        {"before_id": before_id, "status": status, "kind": kind, "limit": limit},
    )
    return [_job(row) for row in rows]


def find_recurring(tx: Transaction, kind: str) -> int | None:
    """The id of the one row of a recurring job; None before its first run."""
    row = tx.execute(
        """
        SELECT id
        FROM jobs
        WHERE unique_key = :kind
        """,
        {"kind": kind},
    ).one_or_none()
    return int(row.id) if row else None


def list_due(tx: Transaction, *, limit: int) -> list[int]:
    """The ids of enqueued jobs that may be done now and that nobody holds, those that wait longest first."""
    rows = tx.execute(
        """
        SELECT id
        FROM jobs
        WHERE recurring = 0
          AND status IN ('queued', 'running')
          AND leased_until <= :now
        ORDER BY leased_until
        LIMIT :limit
        """,
        {"now": tx.now, "limit": limit},
    )
    return [int(row.id) for row in rows]


def get_figures(tx: Transaction) -> JobFigures:
    """Failures of the last day and the longest wait."""
    row = tx.execute(
        """
        SELECT (
                   SELECT COUNT(*)
                   FROM jobs
                   WHERE status = 'failed'
                     AND updated_at > :day_ago
               ) AS failed,
               (
                   SELECT MIN(leased_until)
                   FROM jobs
                   WHERE recurring = 0
                     AND status IN ('queued', 'running')
                     AND leased_until <= :now
               ) AS due_since,
               (
                   SELECT MIN(updated_at)
                   FROM jobs
                   WHERE recurring = 1
               ) AS swept_at
        """,
        {"day_ago": tx.now - timedelta(days=1), "now": tx.now},
    ).one()
    waits = (tx.now - from_column(row.due_since)).total_seconds() if row.due_since else 0.0
    unswept = (tx.now - from_column(row.swept_at)).total_seconds() if row.swept_at else 0.0
    return JobFigures(failed=row.failed, wait_seconds=waits, unswept_seconds=unswept)


def lock_due(tx: Transaction, job_id: int) -> Job | None:
    """Lock a job that may be done now; None if it is done, waits, or somebody else holds it."""
    row = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM jobs
        WHERE id = :id
          AND status IN ('queued', 'running')
          AND leased_until <= :now
        FOR UPDATE SKIP LOCKED
        """,
        {"id": job_id, "now": tx.now},
    ).one_or_none()
    return _job(row) if row else None


def lock_held(tx: Transaction, job_id: int, token: bytes) -> Job | None:
    """Lock a job and read how far it came; None if it is not held with this token any more."""
    row = tx.execute(
        f"""
        SELECT {_COLUMNS}
        FROM jobs
        WHERE id = :id
          AND lease_token = :token
          AND status = 'running'
        FOR UPDATE
        """,
        {"id": job_id, "token": token},
    ).one_or_none()
    return _job(row) if row else None


def lease(tx: Transaction, job_id: int, *, token: bytes, leased_until: datetime) -> None:
    """Take a locked job and count the attempt."""
    tx.execute(
        """
        UPDATE jobs
        SET status = 'running',
            attempts = attempts + 1,
            lease_token = :token,
            leased_until = :leased_until,
            updated_at = :now
        WHERE id = :id
        """,
        {"id": job_id, "token": token, "leased_until": leased_until, "now": tx.now},
    )


def advance(tx: Transaction, job_id: int, page: Page, *, leased_until: datetime) -> None:
    """Note a page that is done; the job goes on under the same lease."""
    tx.execute(
        """
        UPDATE jobs
        SET position = :position,
            done = done + :done,
            total = COALESCE(:total, total),
            result_json = COALESCE(:result, result_json),
            error = NULL,
            attempts = 1,
            leased_until = :leased_until,
            updated_at = :now
        WHERE id = :id
        """,
        {
            "id": job_id,
            "position": page.position,
            "done": page.done,
            "total": page.total,
            "result": None if page.result is None else canonical_json(page.result),
            "leased_until": leased_until,
            "now": tx.now,
        },
    )


def give_back(
    tx: Transaction, job_id: int, *, status: JobStatus, attempts: int, error: str | None, not_before: datetime
) -> None:
    """End the lease of a job that is to go on, from `not_before` on."""
    tx.execute(
        """
        UPDATE jobs
        SET status = :status,
            attempts = :attempts,
            error = :error,
            lease_token = NULL,
            leased_until = :not_before,
            updated_at = :now
        WHERE id = :id
        """,
        {
            "id": job_id,
            "status": status,
            "attempts": attempts,
            "error": error and error[:MAX_ERROR],
            "not_before": not_before,
            "now": tx.now,
        },
    )


def end(tx: Transaction, job_id: int, *, status: JobStatus, error: str | None = None) -> None:
    """Close a job: done, failed or cancelled. Its unique key is free for another one."""
    tx.execute(
        """
        UPDATE jobs
        SET status = :status,
            error = :error,
            unique_key = NULL,
            lease_token = NULL,
            leased_until = :now,
            updated_at = :now
        WHERE id = :id
        """,
        {"id": job_id, "status": status, "error": error and error[:MAX_ERROR], "now": tx.now},
    )


def delete_ended(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` jobs that ended before that time; returns how many."""
    return tx.execute(
        """
        DELETE FROM jobs
        WHERE recurring = 0
          AND status IN ('done', 'failed', 'cancelled')
          AND leased_until < :before
        LIMIT :limit
        """,
        {"before": before, "limit": limit},
    ).rowcount


def _job(row: Row[tuple[object, ...]]) -> Job:
    return Job(
        id=row.id,
        kind=row.kind,
        status=row.status,
        recurring=bool(row.recurring),
        params=json.loads(row.params_json) if row.params_json else {},
        position=row.position,
        done=row.done,
        total=row.total,
        result=json.loads(row.result_json) if row.result_json else None,
        error=row.error,
        attempts=row.attempts,
        created_by=row.created_by,
        created_at=from_column(row.created_at),
        updated_at=from_column(row.updated_at),
    )
