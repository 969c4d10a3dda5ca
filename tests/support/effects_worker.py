"""The Celery application of the tests: the real one with the handlers of `tests.support.effects`."""

from app.workers.celery_app import celery_app
from app.workers.handlers import HANDLERS
from tests.support.effects import TEST_HANDLERS, counting_matches

HANDLERS.update(TEST_HANDLERS)
HANDLERS["match.finished"] = counting_matches(HANDLERS["match.finished"])
app = celery_app
