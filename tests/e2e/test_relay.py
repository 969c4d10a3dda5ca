"""Relay and Celery workers as processes: killed, doubled, without Redis; every event applied once and in order."""

import os
import random
import secrets
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
from config import Config
from tests.support.effects import POISON_EVENT, TEST_EVENT, create_effects_table, effects
from tests.support.fleet import RELAY, WORKER, Fleet, environment_of
from tests.support.processes import wait_until

Sql = Callable[..., list[Any]]
PLAYERS = [f"player{number}" for number in range(25)]
EVENTS_EACH = int(os.environ.get("LAUREL_FAULT_EVENTS", "40"))


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
    environment = environment_of(config.SQLALCHEMY_DATABASE_URI, redis.url)
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
