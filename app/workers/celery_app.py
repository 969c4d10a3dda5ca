"""Celery only carries: tasks name a shard and its lease, or a job; what is to be done stands in MySQL.

celery -A app.workers.celery_app worker --concurrency 2
celery -A app.workers.celery_app worker --queues jobs --concurrency 1     # so that no long job holds up an event
celery -A app.workers.celery_app beat --scheduler celery.beat:Scheduler     # as many as you like
"""

from collections.abc import Callable
from typing import Any

from celery import Celery, Task
from celery.signals import worker_init

from app import create_app, metrics
from app.clients import redis_client
from app.logs import configure_logging
from app.services import job_service, leaderboard_set_service, outbox_service
from app.workers.handlers import EFFECTS, FOLLOWERS, HANDLERS
from app.workers.jobs import JOBS, RECURRING_JOBS, SCHEDULE
from config import Config

APPLY_SHARD = "laurel.apply_shard"
START_JOBS, RUN_JOB, RUN_RECURRING_JOB = "laurel.start_jobs", "laurel.run_job", "laurel.run_recurring_job"
MEND_LEADERBOARD_SETS = "laurel.mend_leaderboard_sets"
EVERY_TWO_SECONDS = 2.0

config = Config.load()
flask_app = create_app(config)


class ServiceTask(Task):  # type: ignore[misc]
    """A task runs in the application's context."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with flask_app.app_context():
            return super().__call__(*args, **kwargs)


celery_app = Celery("laurel", broker=config.REDIS_URL or "memory://", task_cls=ServiceTask)
celery_app.conf.update(
    task_routes={
        task: {"queue": redis_client.JOBS_QUEUE} for task in (RUN_JOB, RUN_RECURRING_JOB, MEND_LEADERBOARD_SETS)
    },
    task_acks_late=True,  # a task is forgotten when it is done, not when it is taken
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    task_ignore_result=True,
    task_serializer="json",
    accept_content=["json"],
    broker_connection_retry_on_startup=True,
    broker_transport_options={"socket_timeout": 5, "socket_connect_timeout": 2},
    worker_hijack_root_logger=False,
    timezone="UTC",
    beat_schedule={
        # one that comes late is not needed: the next one looks again
        "start jobs": {"task": START_JOBS, "schedule": EVERY_TWO_SECONDS, "options": {"expires": EVERY_TWO_SECONDS}},
        "mend leaderboard sets": {
            "task": MEND_LEADERBOARD_SETS,
            "schedule": EVERY_TWO_SECONDS,
            "options": {"expires": EVERY_TWO_SECONDS},
        },
        **{kind: {"task": RUN_RECURRING_JOB, "schedule": every, "args": [kind]} for kind, every in SCHEDULE.items()},
    },
)
configure_logging(config)


@worker_init.connect  # type: ignore[untyped-decorator]
def _serve_metrics(**_: object) -> None:
    """In the worker's main process, for all of its children."""
    metrics.serve(flask_app, config)


def _task(name: str) -> Callable[[Callable[..., int]], Task]:
    return celery_app.task(name=name)  # type: ignore[no-any-return]


@_task(APPLY_SHARD)
def apply_shard(shard: int, token: str) -> int:
    """Apply the events of a leased shard."""
    return outbox_service.apply_shard(shard, bytes.fromhex(token), HANDLERS, effects=EFFECTS, followers=FOLLOWERS)


@_task(START_JOBS)
def start_jobs() -> int:
    """Send every enqueued job that nobody does to a worker; the lease decides between two that get the same one."""
    job_ids = job_service.list_due_jobs()
    for job_id in job_ids:
        run_job.apply_async(args=[job_id], retry=False, expires=EVERY_TWO_SECONDS)
    return len(job_ids)


@_task(RUN_JOB)
def run_job(job_id: int) -> int:
    """Do pages of a job for a while; what is left goes to the end of the queue."""
    run = job_service.run_job(job_id, JOBS)
    if run.unfinished:
        run_job.apply_async(args=[job_id], retry=False)
    return run.done


@_task(RUN_RECURRING_JOB)
def run_recurring_job(kind: str) -> int:
    """Do due pages of a recurring job for a while, unless another node does."""
    run = job_service.run_recurring_job(kind, RECURRING_JOBS)
    if run.unfinished:
        run_recurring_job.apply_async(args=[kind], retry=False)
    return run.done


@_task(MEND_LEADERBOARD_SETS)
def mend_leaderboard_sets() -> int:
    """Build the boards' sorted sets that are gone or have missed something."""
    return leaderboard_set_service.mend_sets()
