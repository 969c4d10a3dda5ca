"""What is swept again and again: the pages of the recurring jobs."""

from datetime import timedelta

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
from app.transaction import Transaction

PAGE_ROWS = 1_000
JOBS_KEPT = timedelta(days=90)


def abandon_matches(tx: Transaction, job: Job) -> Page:
    """Close matches that are open for MATCH_ABANDONED_AFTER_HOURS; walks the ids once, each a day after it was made."""
    cutoff = tx.now - timedelta(hours=current_config().MATCH_ABANDONED_AFTER_HOURS)
    last_id, seen = match_repo.last_started_before(tx, after_id=job.position, cutoff=cutoff, limit=PAGE_ROWS)
    if last_id is None:
        return Page(job.position, done=0, is_last=True)
    changed = match_repo.abandon_open(tx, after_id=job.position, last_id=last_id, except_id=DEMO_MATCH_ID)
    return Page(last_id, changed, is_last=seen < PAGE_ROWS)


def delete_done_events(tx: Transaction, job: Job) -> Page:
    """Delete done outbox rows after RETENTION_DAYS, shard by shard; the position is the shard."""
    before = tx.now - timedelta(days=current_config().RETENTION_DAYS)
    deleted = outbox_repo.delete_done(tx, shard=job.position, before=before, limit=PAGE_ROWS)
    if deleted == PAGE_ROWS:
        return Page(job.position, deleted, is_last=False)
    return Page((job.position + 1) % SHARDS, deleted, is_last=job.position + 1 == SHARDS)


def delete_idempotency_keys(tx: Transaction, job: Job) -> Page:
    """Delete the answers to Idempotency-Keys after RETENTION_DAYS."""
    before = tx.now - timedelta(days=current_config().RETENTION_DAYS)
    deleted = idempotency_repo.delete_older(tx, before=before, limit=PAGE_ROWS)
    return Page(job.position, deleted, is_last=deleted < PAGE_ROWS)


def delete_expired_families(tx: Transaction, job: Job) -> Page:
    """Delete signings in that no refresh token can carry on."""
    deleted = token_family_repo.delete_expired(tx, limit=PAGE_ROWS)
    return Page(job.position, deleted, is_last=deleted < PAGE_ROWS)


def delete_expired_revocations(tx: Transaction, job: Job) -> Page:
    """Delete revocations of access tokens that have expired by themselves."""
    deleted = revocation_repo.delete_expired(tx, limit=PAGE_ROWS)
    return Page(job.position, deleted, is_last=deleted < PAGE_ROWS)


def delete_old_login_failures(tx: Transaction, job: Job) -> Page:
    """Delete counts of failures whose window is over."""
    deleted = login_failure_repo.delete_older(tx, before=tx.now - FAILURE_WINDOW, limit=PAGE_ROWS)
    return Page(job.position, deleted, is_last=deleted < PAGE_ROWS)


def delete_ended_jobs(tx: Transaction, job: Job) -> Page:
    """Delete jobs that ended 90 days ago."""
    deleted = job_repo.delete_ended(tx, before=tx.now - JOBS_KEPT, limit=PAGE_ROWS)
    return Page(job.position, deleted, is_last=deleted < PAGE_ROWS)
