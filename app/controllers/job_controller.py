"""The admin's view of jobs; `job_body` is the answer of whoever enqueues one."""

from typing import Any

from flask import Response, g

from app.controllers.envelope import history_page, iso_time, success
from app.rules.job_rules import Job
from app.schemas.job import JobsQuery
from app.services import job_service


def list_jobs(query: JobsQuery) -> Response:
    """200 with jobs, newest first."""
    jobs = job_service.list_jobs(status=query.status, kind=query.kind, before_id=query.before_id, limit=query.limit + 1)
    return history_page(jobs, query, job_body)


def get_job(job_id: int) -> Response:
    """200 with the job as it stands."""
    return success(job_body(job_service.get_job(job_id)))


def cancel_job(job_id: int) -> Response:
    """200 with the job, which stops after the page that is being done."""
    return success(job_body(job_service.cancel_job(job_id, actor_id=g.user.id, request_id=g.request_id)))


def retry_job(job_id: int) -> Response:
    """200 with the job, which goes on where it stopped."""
    return success(job_body(job_service.retry_job(job_id, actor_id=g.user.id, request_id=g.request_id)))


def job_body(job: Job) -> dict[str, Any]:
    """A job as the contract shows it."""
    return {
        "id": job.id,
        "kind": job.kind,
        "status": job.status,
        "done": job.done,
        "total": job.total,
        "result": job.result,
        "error": job.error,
        "created_at": iso_time(job.created_at),
        "updated_at": iso_time(job.updated_at),
    }
