"""Relay and Celery workers as processes: killed, doubled, without Redis; every event applied once and in order."""

import os
import random
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine

from app.embedded.redis import PrivateRedis
from app.repositories import outbox_repo
from app.services import outbox_service
from app.transaction import Transaction, transaction
from config import ROOT, Config
from tests.conftest import TEST_JWT_SECRET_KEY
from tests.support.effects import POISON_EVENT, TEST_EVENT, create_effects_table, effects
from tests.support.processes import INHERITED, wait_until

Sql = Callable[..., list[Any]]
PLAYERS = [f"player{number}" for number in range(25)]
EVENTS_EACH = int(os.environ.get("LAUREL_FAULT_EVENTS", "40"))

RELAY = ["-m", "app.workers.relay"]
WORKER = ["-m", "celery", "-A", "tests.support.effects_worker", "worker", "--concurrency", "2", "--loglevel", "WARNING"]


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


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[PrivateRedis]:
    server = PrivateRedis(tmp_path, password=secrets.token_urlsafe(24))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def fleet(app: Flask, config: Config, redis: PrivateRedis, engine: Engine, sql: Sql, tmp_path: Path) -> Iterator[Fleet]:
    create_effects_table(engine)
    sql("DELETE FROM outbox")
    sql("DELETE FROM dead_letters")
    sql("UPDATE outbox_shards SET lease_token = NULL, leased_until = '2000-01-01'")
    environment = {
        **{name: os.environ[name] for name in INHERITED if name in os.environ},
        "SQLALCHEMY_DATABASE_URI": config.SQLALCHEMY_DATABASE_URI,
        "JWT_SECRET_KEY": TEST_JWT_SECRET_KEY,
        "REDIS_URL": redis.url,
        "OUTBOX_LEASE_SECONDS": "2",
        "OUTBOX_BATCH_SIZE": "20",
        "LOG_LEVEL": "WARNING",
    }
    fleet = Fleet(environment, tmp_path / "fleet.log")
    yield fleet
    fleet.stop()


@transaction("announce_in_e2e", batch=True)
def announce(tx: Transaction, key: str, numbers: Sequence[int], event_type: str = TEST_EVENT) -> None:
    tx.batch(
        [
            outbox_repo.insert(event_type=event_type, key=key, payload={"number": number}, now=tx.now)
            for number in numbers
        ]
    )


def pending(app: Flask) -> int:
    with app.app_context():
        return outbox_service.get_figures().pending


def test_every_event_is_applied_once_and_in_order_while_everything_is_killed(
    app: Flask, fleet: Fleet, redis: PrivateRedis, engine: Engine
) -> None:
    chance = random.Random(11)
    for member in (RELAY, RELAY, WORKER, WORKER):
        fleet.start(member)
    with app.app_context():
        for number in range(EVENTS_EACH):
            for key in PLAYERS:
                announce(key, [number])
            if number % 8 == 4:
                fleet.kill_one(chance)
            if number == EVENTS_EACH // 2:
                redis.kill()
                time.sleep(0.5)
                redis.start()
    wait_until(lambda: pending(app) == 0, 90)
    assert {key: effects(engine, key) for key in PLAYERS} == {key: list(range(EVENTS_EACH)) for key in PLAYERS}


def test_without_redis_events_wait_and_nothing_is_lost(
    app: Flask, fleet: Fleet, redis: PrivateRedis, engine: Engine
) -> None:
    redis.kill()
    fleet.start(RELAY)
    fleet.start(WORKER)
    with app.app_context():
        announce("late", [1, 2, 3])
    time.sleep(2)
    assert pending(app) == 3
    redis.start()
    wait_until(lambda: pending(app) == 0, 60)
    assert effects(engine, "late") == [1, 2, 3]


def test_a_poison_event_does_not_stop_its_shard(app: Flask, fleet: Fleet, engine: Engine) -> None:
    fleet.start(RELAY)
    fleet.start(WORKER)
    with app.app_context():
        announce("sick", [1], POISON_EVENT)
        for key in PLAYERS:
            announce(key, range(5))
    wait_until(lambda: all(len(effects(engine, key)) == 5 for key in PLAYERS), 60)
    assert pending(app) == 1
