"""Jobs: each page is one transaction that also notes how far the job came (architecture, "Exactly once", 6).

A job is a row in `jobs`. The lease decides who works on it and the position where he goes on, so any node may be
killed at any moment and any other resumes; whoever triggers (beat) only triggers.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from prometheus_client import Counter
from uuid_utils.compat import uuid7

from app.errors import AppError, Conflict, JobNotFound, explain
from app.extensions import current_config
from app.repositories import audit_repo, job_repo
from app.repositories.job_repo import JobFigures
from app.rules.job_rules import Job, Page, pause_after
from app.transaction import Transaction, transaction

RunPage = Callable[[Transaction, Job], Page]

SLICE_SECONDS = 10.0  # of one run, before other tasks of the worker have their turn
MAX_STARTED_AT_ONCE = 100
AT_ONCE = timedelta(0)

log = structlog.stdlib.get_logger("laurel.jobs")

pages_total = Counter("laurel_job_pages_total", "Pages of jobs that were committed", ["kind"])
page_failures_total = Counter("laurel_job_page_failures_total", "Pages of jobs that failed", ["kind"])


class UnknownJobKind(Exception):
    """Nobody knows how to do such a job: a newer release has enqueued it, or an older one."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of a job did: the rows worked through, and whether there is more to do at once."""

    done: int
    unfinished: bool


def enqueue(
    tx: Transaction,
    *,
    kind: str,
    params: Mapping[str, Any],
    created_by: int | None,
    unique_key: str | None = None,
    delay: timedelta = AT_ONCE,
) -> Job:
    """Queue a job in the caller's transaction; a worker begins it within seconds of the commit, or of `delay`.

    `kind` is a key of `app.workers.jobs.JOBS`, `params` JSON for its pages. While a job with the same `unique_key`
    (1-128 ASCII characters) is queued or running, that one is returned and nothing is queued.
    """
    job_id = job_repo.insert(
        tx, kind=kind, params=params, created_by=created_by, unique_key=unique_key, not_before=tx.now + delay
    )
    return _get(tx, job_id)


@transaction("list_jobs")
def list_jobs(tx: Transaction, *, status: str | None, kind: str | None, before_id: int, limit: int) -> list[Job]:
    """Up to `limit` jobs with an id below `before_id`, newest first, of one status and kind where given."""
    return job_repo.list_newest(tx, status=status, kind=kind, before_id=before_id, limit=limit)


@transaction("get_job")
def get_job(tx: Transaction, job_id: int) -> Job:
    """One job as it stands. Raises JobNotFound."""
    return _get(tx, job_id)


@transaction("cancel_job")
def cancel_job(tx: Transaction, job_id: int, *, actor_id: int, request_id: str) -> Job:
    """Stop a job after the page that is being done; what its pages did stays. Again changes nothing.

    Raises JobNotFound, and Conflict if the job has ended otherwise or is not of staff: those must be done.
    """
    job = _lock(tx, job_id)
    if job.status == "cancelled":
        return job
    if job.created_by is None:
        raise Conflict(reason=f"Job {job_id} is Laurel's own and cannot be cancelled")
    if job.status not in {"queued", "running"}:
        raise Conflict(reason=f"Job {job_id} is already {job.status}")
    job_repo.end(tx, job_id, status="cancelled")
    audit_repo.insert(
        tx,
        actor_id=actor_id,
        action="job.cancel",
        subject_type="job",
        subject_id=job_id,
        details={"kind": job.kind, "done": job.done},
        request_id=request_id,
    )
    return _get(tx, job_id)


@transaction("retry_job")
def retry_job(tx: Transaction, job_id: int, *, actor_id: int, request_id: str) -> Job:
    """Go on with a failed or cancelled job where it stopped; one that is queued or running is left alone.

    Raises JobNotFound, and Conflict for one that is done.
    """
    job = _lock(tx, job_id)
    if job.status in {"queued", "running"}:
        return job
    if job.status == "done":
        raise Conflict(reason=f"Job {job_id} is already done")
    job_repo.give_back(tx, job_id, status="queued", attempts=0, error=None, not_before=tx.now)
    audit_repo.insert(
        tx,
        actor_id=actor_id,
        action="job.retry",
        subject_type="job",
        subject_id=job_id,
        details={"kind": job.kind, "done": job.done, "status": job.status, "error": job.error},
        request_id=request_id,
    )
    return _get(tx, job_id)


@transaction("list_due_jobs")
def list_due_jobs(tx: Transaction) -> list[int]:
    """Ids of enqueued jobs that are to be begun, gone on with or tried again now."""
    return job_repo.list_due(tx, limit=MAX_STARTED_AT_ONCE)


@transaction("get_job_figures")
def get_figures(tx: Transaction) -> JobFigures:
    """What failed lately and how long jobs wait."""
    return job_repo.get_figures(tx)


def run_recurring_job(kind: str, kinds: Mapping[str, RunPage]) -> Run:
    """Do the due pages of the recurring job, unless another node does."""
    return run_job(_ensure_recurring(kind), kinds)


def run_job(job_id: int, kinds: Mapping[str, RunPage]) -> Run:
    """Do pages of the job for SLICE_SECONDS, unless it has ended or another node does them.

    A page that fails is rolled back and tried again later, after growing pauses; after JOB_MAX_ATTEMPTS the job is
    failed with the reason. One that a rule refuses fails at once. Raises ServiceUnavailable if the database is away.
    """
    token = uuid7().bytes
    done, deadline = 0, time.monotonic() + SLICE_SECONDS
    if not _lease(job_id, token):
        return Run(done, unfinished=False)
    while True:
        try:
            page = _run_page(job_id, token, kinds)
        except Exception as error:
            _note_failure(job_id, token, error)
            return Run(done, unfinished=False)
        if page is None:
            return Run(done, unfinished=False)
        done += page.done
        if page.is_last:
            return Run(done, unfinished=False)
        if time.monotonic() >= deadline:
            _release(job_id, token)
            return Run(done, unfinished=True)


@transaction("ensure_recurring_job")
def _ensure_recurring(tx: Transaction, kind: str) -> int:
    job_id = job_repo.find_recurring(tx, kind)
    if job_id is not None:
        return job_id
    return job_repo.insert(
        tx, kind=kind, params={}, created_by=None, unique_key=kind, recurring=True, not_before=tx.now
    )


@transaction("lease_job")
def _lease(tx: Transaction, job_id: int, token: bytes) -> bool:
    """Take the job. One whose page took its node down too often is given up here."""
    job = job_repo.lock_due(tx, job_id)
    if job is None:
        return False
    if job.attempts >= current_config().JOB_MAX_ATTEMPTS and not job.recurring:
        reason = job.error or f"The node that did it was lost {job.attempts} times at this page"
        _fail(tx, job, reason)
        return False
    job_repo.lease(tx, job_id, token=token, leased_until=_leased_until(tx))
    return True


@transaction("run_job_page")
def _run_page(tx: Transaction, job_id: int, token: bytes, kinds: Mapping[str, RunPage]) -> Page | None:
    """The next page; None if the job is not ours any more."""
    job = job_repo.lock_held(tx, job_id, token)
    if job is None:
        return None
    if job.kind not in kinds:
        raise UnknownJobKind(job.kind)
    page = kinds[job.kind](tx, job)
    job_repo.advance(tx, job_id, page, leased_until=_leased_until(tx))
    if page.is_last and job.recurring:
        job_repo.give_back(tx, job_id, status="queued", attempts=0, error=None, not_before=tx.now)
    elif page.is_last:
        job_repo.end(tx, job_id, status="done")
    tx.count(pages_total.labels(job.kind), 1)
    return page


@transaction("release_job")
def _release(tx: Transaction, job_id: int, token: bytes) -> None:
    if job_repo.lock_held(tx, job_id, token):
        job_repo.give_back(tx, job_id, status="running", attempts=0, error=None, not_before=tx.now)


@transaction("note_job_failure")
def _note_failure(tx: Transaction, job_id: int, token: bytes, error: Exception) -> None:
    job = job_repo.lock_held(tx, job_id, token)
    if job is None:
        return
    reason = explain(error)
    log.error("job_page_failed", job=job_id, kind=job.kind, attempts=job.attempts, reason=reason)
    tx.count(page_failures_total.labels(job.kind), 1)
    refused = isinstance(error, AppError) and error.status < 500
    if not job.recurring and (refused or job.attempts >= current_config().JOB_MAX_ATTEMPTS):
        _fail(tx, job, reason)
    else:
        not_before = tx.now + pause_after(job.attempts)
        job_repo.give_back(tx, job_id, status="queued", attempts=job.attempts, error=reason, not_before=not_before)


def _fail(tx: Transaction, job: Job, reason: str) -> None:
    log.error("job_failed", job=job.id, kind=job.kind, reason=reason)
    job_repo.end(tx, job.id, status="failed", error=reason)


def _leased_until(tx: Transaction) -> datetime:
    return tx.now + timedelta(seconds=current_config().JOB_LEASE_SECONDS)


def _lock(tx: Transaction, job_id: int) -> Job:
    job = job_repo.lock(tx, job_id)
    if job is None:
        raise JobNotFound(job_id=job_id)
    return job


def _get(tx: Transaction, job_id: int) -> Job:
    job = job_repo.find(tx, job_id)
    if job is None:
        raise JobNotFound(job_id=job_id)
    return job
