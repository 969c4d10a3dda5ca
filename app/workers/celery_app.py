"""Celery only carries: tasks name a shard and its lease, or a job; what is to be done stands in MySQL.

celery -A app.workers.celery_app worker --concurrency 2
celery -A app.workers.celery_app beat --scheduler celery.beat:Scheduler     # as many as you like
"""

from collections.abc import Callable
from typing import Any

from celery import Celery, Task

from app import create_app
from app.logs import configure_logging
from app.services import job_service, outbox_service
from app.workers.handlers import HANDLERS
from config import Config

APPLY_SHARD, RUN_JOB = "laurel.apply_shard", "laurel.run_recurring_job"
EVERY_MINUTE, EVERY_HOUR = 60.0, 3600.0

config = Config.load()
flask_app = create_app(config)


class ServiceTask(Task):  # type: ignore[misc]
    """A task runs in the application's context."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with flask_app.app_context():
            return super().__call__(*args, **kwargs)


celery_app = Celery("laurel", broker=config.REDIS_URL or "memory://", task_cls=ServiceTask)
celery_app.conf.update(
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
        "abandon matches": {"task": RUN_JOB, "schedule": EVERY_MINUTE, "args": ["abandon_matches"]},
        "delete done events": {"task": RUN_JOB, "schedule": EVERY_HOUR, "args": ["delete_done_events"]},
        "delete idempotency keys": {"task": RUN_JOB, "schedule": EVERY_HOUR, "args": ["delete_idempotency_keys"]},
        "delete families": {"task": RUN_JOB, "schedule": EVERY_HOUR, "args": ["delete_expired_families"]},
        "delete revocations": {"task": RUN_JOB, "schedule": EVERY_HOUR, "args": ["delete_expired_revocations"]},
        "delete login failures": {"task": RUN_JOB, "schedule": EVERY_HOUR, "args": ["delete_old_login_failures"]},
    },
)
configure_logging(config)


def _task(name: str) -> Callable[[Callable[..., int]], Task]:
    return celery_app.task(name=name)  # type: ignore[no-any-return]


@_task(APPLY_SHARD)
def apply_shard(shard: int, token: str) -> int:
    """Apply the events of a leased shard."""
    return outbox_service.apply_shard(shard, bytes.fromhex(token), HANDLERS)


@_task(RUN_JOB)
def run_recurring_job(kind: str) -> int:
    """Do the due pages of a recurring job, unless another node does."""
    return job_service.run_recurring_job(kind)
