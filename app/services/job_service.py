"""Recurring jobs: each page is one transaction that also notes how far the job came (architecture, "Exactly once", 6).

Beat only triggers; the lease decides who works, and the position where he goes on.
"""

from collections.abc import Callable
from datetime import timedelta

from uuid_utils.compat import uuid7

from app.extensions import current_config
from app.repositories import (
    idempotency_repo,
    job_repo,
    login_failure_repo,
    match_repo,
    outbox_repo,
    revocation_repo,
    token_family_repo,
)
from app.rules.auth_rules import FAILURE_WINDOW
from app.rules.job_rules import Job, Page
from app.rules.match_rules import DEMO_MATCH_ID
from app.rules.outbox_rules import SHARDS
from app.transaction import Transaction, transaction

LEASE = timedelta(minutes=1)
PAGE_ROWS = 1_000
MAX_PAGES = 1_000  # of one call; the next trigger goes on

PageOfJob = Callable[[Transaction, int], Page]


def run_recurring_job(kind: str) -> int:
    """Do the job's due pages unless another node does; returns how many rows were changed."""
    job = _lease(kind)
    changed = 0
    for _ in range(MAX_PAGES if job else 0):
        page = _run_page(job)
        if page is None:
            break
        changed += page.changed
        if page.is_last:
            break
    return changed


@transaction("lease_job")
def _lease(tx: Transaction, kind: str) -> Job | None:
    job_repo.ensure_recurring(tx, kind)
    return job_repo.lease_recurring(tx, kind, token=uuid7().bytes, leased_until=tx.now + LEASE)


@transaction("run_job_page")
def _run_page(tx: Transaction, job: Job | None) -> Page | None:
    if job is None:
        return None
    position = job_repo.lock_position(tx, job)
    if position is None:
        return None
    page = RECURRING_JOBS[job.kind](tx, position)
    job_repo.advance(tx, job, page, leased_until=tx.now + LEASE)
    return page


def _abandon_matches(tx: Transaction, position: int) -> Page:
    """Close matches that are open for MATCH_ABANDONED_AFTER_HOURS; walks the ids once, each a day after it was made."""
    cutoff = tx.now - timedelta(hours=current_config().MATCH_ABANDONED_AFTER_HOURS)
    last_id, seen = match_repo.last_started_before(tx, after_id=position, cutoff=cutoff, limit=PAGE_ROWS)
    if last_id is None:
        return Page(position, changed=0, is_last=True)
    changed = match_repo.abandon_open(tx, after_id=position, last_id=last_id, except_id=DEMO_MATCH_ID)
    return Page(last_id, changed, is_last=seen < PAGE_ROWS)


def _delete_done_events(tx: Transaction, position: int) -> Page:
    """Delete done outbox rows after RETENTION_DAYS, shard by shard; the position is the shard."""
    before = tx.now - timedelta(days=current_config().RETENTION_DAYS)
    deleted = outbox_repo.delete_done(tx, shard=position, before=before, limit=PAGE_ROWS)
    if deleted == PAGE_ROWS:
        return Page(position, deleted, is_last=False)
    return Page((position + 1) % SHARDS, deleted, is_last=position + 1 == SHARDS)


def _delete_idempotency_keys(tx: Transaction, position: int) -> Page:
    """Delete the answers to Idempotency-Keys after RETENTION_DAYS."""
    before = tx.now - timedelta(days=current_config().RETENTION_DAYS)
    deleted = idempotency_repo.delete_older(tx, before=before, limit=PAGE_ROWS)
    return Page(position, deleted, is_last=deleted < PAGE_ROWS)


def _delete_expired_families(tx: Transaction, position: int) -> Page:
    """Delete signings in that no refresh token can carry on."""
    deleted = token_family_repo.delete_expired(tx, limit=PAGE_ROWS)
    return Page(position, deleted, is_last=deleted < PAGE_ROWS)


def _delete_expired_revocations(tx: Transaction, position: int) -> Page:
    """Delete revocations of access tokens that have expired by themselves."""
    deleted = revocation_repo.delete_expired(tx, limit=PAGE_ROWS)
    return Page(position, deleted, is_last=deleted < PAGE_ROWS)


def _delete_old_login_failures(tx: Transaction, position: int) -> Page:
    """Delete counts of failures whose window is over."""
    deleted = login_failure_repo.delete_older(tx, before=tx.now - FAILURE_WINDOW, limit=PAGE_ROWS)
    return Page(position, deleted, is_last=deleted < PAGE_ROWS)


RECURRING_JOBS: dict[str, PageOfJob] = {
    "abandon_matches": _abandon_matches,
    "delete_done_events": _delete_done_events,
    "delete_idempotency_keys": _delete_idempotency_keys,
    "delete_expired_families": _delete_expired_families,
    "delete_expired_revocations": _delete_expired_revocations,
    "delete_old_login_failures": _delete_old_login_failures,
}
