"""The Celery application of the tests: the real one with handlers and jobs that can be counted."""

from app.workers.celery_app import celery_app
from app.workers.handlers import HANDLERS
from app.workers.jobs import JOBS
from tests.support.effects import TEST_HANDLERS, counting_matches
from tests.support.jobs import TEST_JOBS

HANDLERS.update(TEST_HANDLERS)
JOBS.update(TEST_JOBS)
HANDLERS["match.finished"] = counting_matches(HANDLERS["match.finished"])
app = celery_app
