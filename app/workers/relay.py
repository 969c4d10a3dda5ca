"""The relay: leases shards that have events and sends each to a worker as one task. `python -m app.workers.relay`

Run as many as you like. It holds no state: a task that is lost is sent again when its lease ends, and one that comes
twice finds its lease over.
"""

import logging
import signal
import sys
import threading
from collections.abc import Callable

import structlog
from kombu.exceptions import OperationalError

from app import metrics
from app.errors import AppError, explain
from app.services import outbox_service
from app.services.outbox_service import Lease
from config import ConfigError

IDLE_SECONDS = 0.05
PAUSE_AFTER_ERROR_SECONDS = 1.0

log = structlog.stdlib.get_logger("laurel.relay")


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    try:
        from app.workers.celery_app import apply_shard, config, flask_app
    except ConfigError as error:
        sys.exit(str(error))
    if not config.REDIS_URL:
        sys.exit("REDIS_URL is not set: there is no broker to send batches to")
    stopping = threading.Event()
    for stop_signal in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop_signal, lambda *_: stopping.set())
    logging.getLogger("kombu").setLevel(logging.WARNING)

    def send(shard: int, token: bytes) -> None:
        apply_shard.apply_async(args=[shard, token.hex()], retry=False)

    metrics.serve(flask_app, config)
    with flask_app.app_context():
        while not stopping.is_set():
            try:
                lease = outbox_service.lease_shards()
                _send_all(lease, send)
                stopping.wait(0 if lease.shards else IDLE_SECONDS)
            except (AppError, OperationalError) as error:
                log.warning("relay_waits", reason=explain(error))
                stopping.wait(PAUSE_AFTER_ERROR_SECONDS)


def _send_all(lease: Lease, send: Callable[[int, bytes], None]) -> None:
    """Send every shard of the lease; what cannot be sent is given back at once."""
    for position, shard in enumerate(lease.shards):
        try:
            send(shard, lease.token)
        except OperationalError:
            for unsent in lease.shards[position:]:
                outbox_service.release_shard(unsent, lease.token)
            raise


if __name__ == "__main__":
    main()
