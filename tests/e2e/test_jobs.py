"""An enqueued job is done by beat and workers as they are deployed, also when they are killed."""

import random
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine

from app.embedded.redis import PrivateRedis
from app.services import job_service
from config import Config
from tests.support.effects import create_effects_table, effects
from tests.support.fleet import BEAT, WORKER, Fleet, environment_of
from tests.support.jobs import enqueue
from tests.support.processes import wait_until


@pytest.fixture
def fleet(app: Flask, config: Config, engine: Engine, tmp_path: Path) -> Iterator[Fleet]:
    create_effects_table(engine)
    redis = PrivateRedis(tmp_path, password=secrets.token_urlsafe(24))
    redis.start()
    fleet = Fleet(environment_of(config.SQLALCHEMY_DATABASE_URI, redis.url), tmp_path / "fleet.log")
    yield fleet
    fleet.stop()
    redis.stop()


def test_a_job_begins_soon_after_its_commit_and_survives_its_workers(app: Flask, fleet: Fleet, engine: Engine) -> None:
    with app.app_context():
        for member in (BEAT, WORKER, WORKER):
            fleet.start(member)
        job = enqueue(pages=60, seconds=0.1)
        wait_until(lambda: job_service.get_job(job.id).done > 0, 60)
        chance = random.Random(7)
        for _ in range(4):
            fleet.kill_one(chance)
            time.sleep(1.5)
        wait_until(lambda: job_service.get_job(job.id).status == "done", 60)
        assert effects(engine, f"job{job.id}") == list(range(60))
