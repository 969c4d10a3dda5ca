"""jobs: how far each job came, and whose it is."""

from datetime import datetime

from app.rules.job_rules import Job, Page
from app.transaction import Transaction


def ensure_recurring(tx: Transaction, kind: str) -> None:
    """The one row of a recurring job."""
    tx.execute(
        """
        INSERT INTO jobs (kind, unique_key, status, leased_until, created_at, updated_at)
        VALUES (:kind, :kind, 'queued', :now, :now, :now)
        ON DUPLICATE KEY UPDATE kind = VALUES(kind)
        """,
        {"kind": kind, "now": tx.now},
    )


def lease_recurring(tx: Transaction, kind: str, *, token: bytes, leased_until: datetime) -> Job | None:
    """Take the recurring job if nobody holds it."""
    row = tx.execute(
        """
        SELECT id, kind, status, position, done
        FROM jobs
        WHERE unique_key = :kind
          AND leased_until <= :now
        FOR UPDATE SKIP LOCKED
        """,
        {"kind": kind, "now": tx.now},
    ).one_or_none()
    if row is None:
        return None
    tx.execute(
        """
        UPDATE jobs
        SET status = 'running',
            lease_token = :token,
            leased_until = :leased_until,
            updated_at = :now
        WHERE id = :id
        """,
        {"id": row.id, "token": token, "leased_until": leased_until, "now": tx.now},
    )
    return Job(id=row.id, kind=row.kind, status="running", position=row.position, done=row.done, token=token)


def lock_position(tx: Transaction, job: Job) -> int | None:
    """Lock the job and read its position; None if it is not ours any more."""
    row = tx.execute(
        """
        SELECT position
        FROM jobs
        WHERE id = :id
          AND lease_token = :token
        FOR UPDATE
        """,
        {"id": job.id, "token": job.token},
    ).one_or_none()
    return row.position if row else None


def advance(tx: Transaction, job: Job, page: Page, *, leased_until: datetime) -> None:
    """Note a page that is done, and keep the job; after the last page give it back."""
    tx.execute(
        """
        UPDATE jobs
        SET status = IF(:is_last, 'queued', 'running'),
            position = :position,
            done = done + :changed,
            lease_token = IF(:is_last, NULL, lease_token),
            leased_until = :leased_until,
            updated_at = :now
        WHERE id = :id
        """,
        {
            "id": job.id,
            "position": page.position,
            "changed": page.changed,
            "is_last": page.is_last,
            "leased_until": tx.now if page.is_last else leased_until,
            "now": tx.now,
        },
    )
