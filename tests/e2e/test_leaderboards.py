"""The boards' sorted sets with the processes as they are deployed: made, and made again after FLUSHALL."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis as redis_py
from flask import Flask

from app import create_app
from app.clients import leaderboard_set
from app.embedded.redis import PrivateRedis
from app.extensions import db
from config import Config
from tests.conftest import CheckedClient
from tests.support.boards import Sql, read, settle
from tests.support.fleet import RELAY, WORKER, Fleet, environment_of
from tests.support.players import new_player
from tests.support.processes import wait_until

BEAT = ["-m", "celery", "-A", "tests.support.effects_worker", "beat", "--scheduler", "celery.beat:Scheduler"]


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[PrivateRedis]:
    server = PrivateRedis(tmp_path, password=secrets.token_urlsafe(24))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def board_app(app: Flask, config: Config, redis: PrivateRedis, tmp_path: Path) -> Iterator[Flask]:
    """An API with its relay, worker and beat."""
    with_redis = create_app(config.model_copy(update={"REDIS_URL": redis.url}))
    with_redis.test_client_class = CheckedClient
    fleet = Fleet(environment_of(config.SQLALCHEMY_DATABASE_URI, redis.url), tmp_path / "fleet.log")
    for member in (RELAY, WORKER, BEAT):
        fleet.start(member)
    yield with_redis
    fleet.stop()
    with with_redis.app_context():
        for engine in db.engines.values():
            engine.dispose()


def test_a_set_is_made_and_after_flushall_made_again_within_seconds(
    board_app: Flask, redis: PrivateRedis, sql: Sql
) -> None:
    server = redis_py.Redis.from_url(redis.url)
    player, other = new_player(board_app), new_player(board_app)
    (board,) = sql("SELECT season FROM leaderboards WHERE board_code = 'td_score'")
    members, scores = leaderboard_set._keys("td_score", board.season)[:2]
    settle(board_app, player, score=10_000_000)
    for _ in range(2):
        wait_until(lambda: server.hexists(members, "ready"), 30)
        wait_until(lambda: server.hexists(members, str(player.id)), 5)
        assert read(board_app, player, "/me")["total"] == server.zcard(scores)
        server.flushall()
        assert read(board_app, player, "/me")["rank"] is not None
    settle(board_app, other, score=9_999_999)
    wait_until(lambda: server.hexists(members, str(other.id)), 15)
    assert read(board_app, player, "/me")["total"] == server.zcard(scores)
