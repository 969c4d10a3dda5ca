"""Jobs of the tests: `test_count` inserts a row into `test_effects` for every page.

`python -m tests.support.jobs JOB_ID` is a node that does a job and says which pages it has done.
"""

import sys
import time

from flask import Flask

from app.rules.job_rules import Job, Page
from app.services import job_service
from app.services.job_service import RunPage
from app.transaction import Transaction, transaction
from app.workers.jobs import JOBS
from tests.support.effects import Poisoned

COUNT, SICK = "test_count", "test_sick"


def count_a_page(tx: Transaction, job: Job) -> Page:
    """A row for the page's number; `pages` of them, each taking `seconds`."""
    tx.execute(
        "INSERT INTO test_effects (event_key, number) VALUES (:event_key, :number)",
        {"event_key": f"job{job.id}", "number": job.position},
    )
    time.sleep(job.params.get("seconds", 0))
    pages, counted = job.params["pages"], (job.result or {"counted": 0})["counted"] + 1
    return Page(job.position + 1, 1, is_last=job.position + 1 == pages, total=pages, result={"counted": counted})


def fail_a_page(tx: Transaction, job: Job) -> Page:
    """Two good pages, then one that cannot be done."""
    if job.position == 2:
        raise Poisoned("this page cannot be done")
    return count_a_page(tx, job)


TEST_JOBS: dict[str, RunPage] = {COUNT: count_a_page, SICK: fail_a_page}


@transaction("enqueue_for_test")
def enqueue(
    tx: Transaction,
    kind: str = COUNT,
    *,
    unique_key: str | None = None,
    created_by: int | None = None,
    **params: object,
) -> Job:
    return job_service.enqueue(tx, kind=kind, params=params, created_by=created_by, unique_key=unique_key)


def run_to_end(app: Flask, job_id: int) -> Job:
    """Do a job of Laurel's own as a worker would, all its pages."""
    with app.app_context():
        while job_service.run_job(job_id, JOBS).unfinished:
            pass
        return job_service.get_job(job_id)


def main() -> None:
    from app import create_app
    from config import Config

    job_id = int(sys.argv[1])

    def count_aloud(tx: Transaction, job: Job) -> Page:
        sys.stdout.write(f"page {job.position}\n")
        sys.stdout.flush()
        return count_a_page(tx, job)

    with create_app(Config.load()).app_context():
        job_service.run_job(job_id, {COUNT: count_aloud})


if __name__ == "__main__":
    main()
