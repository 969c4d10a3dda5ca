"""/api/v1/admin/jobs: long work in pages (contract, "Bodies, exactly")."""

from flask import Blueprint, Response

from app.controllers import job_controller
from app.errors import Conflict, JobNotFound
from app.middleware.auth_jwt import auth_required
from app.middleware.declare import answers
from app.middleware.validate import validate_query
from app.schemas.job import JobsQuery, JobView
from app.schemas.page import HistoryPage

job_bp = Blueprint("job", __name__, url_prefix="/api/v1/admin/jobs")


@job_bp.get("")
@answers(200, HistoryPage[JobView])
@auth_required(roles=["admin"])
@validate_query(JobsQuery)
def list_jobs(query: JobsQuery) -> Response:
    return job_controller.list_jobs(query)


@job_bp.get("/<id:job_id>")
@answers(200, JobView, errors=[JobNotFound])
@auth_required(roles=["admin"])
def get_job(job_id: int) -> Response:
    return job_controller.get_job(job_id)


@job_bp.post("/<id:job_id>/cancel")
@answers(200, JobView, errors=[JobNotFound, Conflict])
@auth_required(roles=["admin"])
def cancel_job(job_id: int) -> Response:
    return job_controller.cancel_job(job_id)


@job_bp.post("/<id:job_id>/retry")
@answers(200, JobView, errors=[JobNotFound, Conflict])
@auth_required(roles=["admin"])
def retry_job(job_id: int) -> Response:
    return job_controller.retry_job(job_id)
