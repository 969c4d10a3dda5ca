"""Relays and Celery workers as processes that are killed and started again."""

import os
import random
import secrets
import signal
import subprocess
import sys
from pathlib import Path

from config import ROOT
from tests.conftest import TEST_JWT_SECRET_KEY
from tests.support.processes import INHERITED

RELAY = ["-m", "app.workers.relay"]
WORKER = [
    "-m",
    "celery",
    "-A",
    "tests.support.effects_worker",
    "worker",
    "--queues",
    "celery,jobs",
    "--concurrency",
    "2",
    "--loglevel",
    "WARNING",
]
BEAT = ["-m", "celery", "-A", "app.workers.celery_app", "beat", "--scheduler", "celery.beat:Scheduler"]


class Fleet:
    """Relays and workers that are started again when they are killed."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self._environment = environment
        self._log = log
        self.members: list[tuple[list[str], subprocess.Popen[bytes]]] = []

    def start(self, arguments: list[str]) -> None:
        name = ["-n", f"w{secrets.token_hex(4)}@laurel"] if arguments is WORKER else []
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments, *name],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.members.append((arguments, process))

    def kill_one(self, chance: random.Random) -> None:
        """`kill -9` of a member with all its processes; another one takes its place."""
        arguments, process = self.members.pop(chance.randrange(len(self.members)))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.start(arguments)

    def stop(self) -> None:
        for _, process in self.members:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def environment_of(database_uri: str, redis_url: str) -> dict[str, str]:
    """What relays and workers need; short leases, so that what a killed one held is soon sent again."""
    return {
        **{name: os.environ[name] for name in INHERITED if name in os.environ},
        "SQLALCHEMY_DATABASE_URI": database_uri,
        "JWT_SECRET_KEY": TEST_JWT_SECRET_KEY,
        "REDIS_URL": redis_url,
        "OUTBOX_LEASE_SECONDS": "2",
        "OUTBOX_BATCH_SIZE": "20",
        "JOB_LEASE_SECONDS": "2",
        "LOG_LEVEL": "WARNING",
    }
