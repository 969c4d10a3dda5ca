"""API workers, MySQL, relays and Celery workers killed under load.

What was acknowledged is there once, what was not is settled by a retry, and what follows a settlement follows once.
"""

import os
import random
import secrets
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import flask_migrate
import pytest
import requests
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app import create_app
from app.embedded.database import PrivateDatabase
from app.embedded.redis import PrivateRedis
from app.extensions import db
from app.services import outbox_service
from app.services.verify_service import find_drift
from config import Config
from tests.conftest import TEST_JWT_SECRET_KEY
from tests.support.effects import create_effects_table, effects
from tests.support.fleet import RELAY, WORKER, Fleet, environment_of
from tests.support.players import Player, finish_body, new_player, open_match
from tests.support.processes import Running, finish, is_ready, wait_until

MATCHES = int(os.environ.get("LAUREL_FAULT_MATCHES", "600"))
PLAYERS = 20
CLIENTS = 8


@dataclass
class World:
    """A database of its own, an API on it, and open matches."""

    database: PrivateDatabase
    app: Flask
    server: Running
    matches: list[tuple[Player, int]]
    acknowledged: dict[int, bytes] = field(default_factory=dict)

    def load(self, disturb: Callable[[], None], *, every: float = 0.7) -> None:
        """Finish every match once from several clients while `disturb` is called again and again."""
        with ThreadPoolExecutor(CLIENTS) as clients:
            finishes = [clients.submit(self._finish_once, job) for job in self.matches]
            while wait(finishes, timeout=every).not_done:
                disturb()
        for finished in finishes:
            finished.result()

    def _finish_once(self, job: tuple[Player, int]) -> None:
        player, match_id = job
        try:
            answer = finish(self.server.url, player.token, finish_body(match_id))
        except requests.RequestException:
            time.sleep(0.2)
            return
        if answer.status_code == 200:
            self.acknowledged[match_id] = answer.content
        else:
            assert answer.status_code == 503, answer.text
            time.sleep(0.1)

    def retry_everything(self) -> None:
        """The client's retry: every match again; what was acknowledged must be answered as before."""
        wait_until(lambda: is_ready(self.server.url), 40)
        for player, match_id in self.matches:
            answer = finish(self.server.url, player.token, finish_body(match_id))
            assert answer.status_code == 200
            if match_id in self.acknowledged:
                assert answer.content == self.acknowledged[match_id]
                assert answer.headers["Idempotency-Replayed"] == "true"

    def check(self) -> None:
        """Each match is settled once, completely, and every derived table equals its sources."""
        with self.app.app_context():
            db.engine.dispose()  # its connections may have died with the server
        with self.app.app_context(), db.engine.connect() as connection:
            count = connection.exec_driver_sql
            total = len(self.matches)
            assert count("SELECT COUNT(*) FROM matches WHERE status = 'finished'").scalar_one() == total
            assert count("SELECT COUNT(*) FROM game_events").scalar_one() == total
            assert count("SELECT COUNT(*) FROM outbox").scalar_one() == total
            assert count("SELECT SUM(xp) FROM player_progress").scalar_one() == 170 * total
            assert list(find_drift()) == []


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    database = PrivateDatabase(tmp_path, password=secrets.token_urlsafe(24))
    database.start()
    settings = {"SQLALCHEMY_DATABASE_URI": database.uri, "JWT_SECRET_KEY": TEST_JWT_SECRET_KEY}
    app = create_app(Config.from_mapping(settings))
    try:
        with app.app_context():
            flask_migrate.upgrade()
        players = [new_player(app) for _ in range(PLAYERS)]
        matches = [(players[number % PLAYERS], open_match(app, players[number % PLAYERS])) for number in range(MATCHES)]
        with Running(["-m", "app.server"], log=tmp_path / "api.log", **settings) as server:
            server.wait_until_ready()
            yield World(database, app, server, matches)
    finally:
        with app.app_context():
            for engine in db.engines.values():
                engine.dispose()
        database.stop()


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_killed_api_workers_lose_and_double_nothing(world: World) -> None:
    chance = random.Random(3)

    def kill_a_worker() -> None:
        workers = children(world.server.process.pid)
        if workers:
            os.kill(chance.choice(workers), signal.SIGKILL)

    world.load(kill_a_worker)
    assert world.acknowledged
    world.retry_everything()
    world.check()


def test_a_killed_database_loses_and_doubles_nothing(world: World) -> None:
    kills: list[int] = []

    def kill_the_database() -> None:
        if len(kills) < 3:
            kills.append(1)
            world.database.kill()
            world.database.start()

    world.load(kill_the_database)
    assert len(kills) >= 1
    assert world.acknowledged
    world.retry_everything()
    world.check()


def test_connections_killed_by_the_server_lose_and_double_nothing(world: World) -> None:
    def kill_connections() -> None:
        with world.app.app_context(), db.engine.connect() as connection:
            own = connection.exec_driver_sql("SELECT CONNECTION_ID()").scalar_one()
            for row in connection.exec_driver_sql("SHOW PROCESSLIST").all():
                if row[1] == "laurel" and row[0] != own:
                    with suppress(OperationalError):  # it may have gone by itself
                        connection.exec_driver_sql(f"KILL {row[0]}")

    world.load(kill_connections)
    world.retry_everything()
    world.check()


def test_killed_relays_and_workers_apply_every_settlement_once(world: World, tmp_path: Path) -> None:
    with world.app.app_context():
        create_effects_table(db.engine)
    redis = PrivateRedis(tmp_path, password=secrets.token_urlsafe(24))
    redis.start()
    fleet = Fleet(environment_of(world.database.uri, redis.url), tmp_path / "fleet.log")
    for member in (RELAY, RELAY, WORKER, WORKER):
        fleet.start(member)
    chance = random.Random(5)
    next_kill, kills = time.monotonic() + 1, 0

    def kill_one_every_second() -> None:
        nonlocal next_kill, kills
        if time.monotonic() >= next_kill:
            fleet.kill_one(chance)
            next_kill, kills = next_kill + 1, kills + 1

    try:
        world.load(kill_one_every_second, every=0.1)
        world.retry_everything()
        with world.app.app_context():
            wait_until(lambda: outbox_service.get_figures().pending == 0, 120)
            figures = outbox_service.get_figures()
    finally:
        fleet.stop()
        redis.stop()
    world.check()
    with world.app.app_context():
        applied = {player.id: effects(db.engine, str(player.id)) for player, _ in world.matches}
        settled = {
            player_id: [
                int(row.id)
                for row in db.session.execute(
                    text("SELECT id FROM matches WHERE user_id = :id ORDER BY id"), {"id": player_id}
                )
            ]
            for player_id in applied
        }
    sys.stdout.write(
        f"killed {kills}, finishes sent {len(world.matches)}, acknowledged at once {len(world.acknowledged)},"
        f" settled {sum(map(len, settled.values()))}, events applied {sum(map(len, applied.values()))},"
        f" dead letters {figures.dead}\n"
    )
    assert {player_id: sorted(matches) for player_id, matches in applied.items()} == settled
    assert figures.dead == 0
