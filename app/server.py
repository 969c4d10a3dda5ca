"""The API process: `python -m app.server` serves the application with granian on HOST:PORT.

SIGTERM ends it after the running requests (those that take longer than DRAIN_SECONDS are cut off and roll back); a
worker that dies is replaced.
"""

import contextlib
import multiprocessing
import sys
import time

import structlog
from granian import Granian
from granian.constants import Interfaces
from granian.http import HTTP1Settings

from app import MIGRATIONS, create_app, metrics
from app.errors import AppError, explain
from app.services.schema_service import SchemaOutdated, require_current_schema
from config import Config, ConfigError

BACKLOG = 2048  # connections that wait for a worker
HEADER_READ_TIMEOUT_MS = 10_000
DRAIN_SECONDS = 4
RESTART_PAUSE_SECONDS = 0.5

log = structlog.stdlib.get_logger("laurel.server")


def main() -> None:
    """Check the configuration and the schema, then serve; what is wrong with them is said on stderr, exit code 1."""
    try:
        config = Config.load()
        app = create_app(config)
        with app.app_context():
            require_current_schema(str(MIGRATIONS))
    except (ConfigError, SchemaOutdated, AppError) as error:
        sys.exit(explain(error))
    # Workers import everything themselves: the figures' library looks for the folder when it is imported, and a process
    # that serves METRICS_PORT in a thread must not be forked.
    multiprocessing.set_start_method("spawn")
    with metrics.shared_folder():
        metrics.serve(app, config)
        while not _serve(config):
            # granian gives up when a worker dies twice within seconds; what kills workers may well be over
            log.error("server_restarted")
            time.sleep(RESTART_PAUSE_SECONDS)


def _serve(config: Config) -> bool:
    """Serve until a signal (True) or until too many workers died (False)."""
    server = Granian(
        target="app:create_app",
        factory=True,
        interface=Interfaces.WSGI,
        address=config.HOST,
        port=config.PORT,
        workers=config.API_WORKERS,
        blocking_threads=config.API_THREADS,
        backlog=BACKLOG,
        log_dictconfig={"loggers": {"_granian": {"handlers": [], "propagate": True}}},  # in our format
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_READ_TIMEOUT_MS),
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=DRAIN_SECONDS,
    )
    with contextlib.suppress(SystemExit):  # how granian ends when it gives up
        server.serve()
    return bool(server.interrupt_signal)


if __name__ == "__main__":
    main()
