"""Events under faults: every task comes twice, relays, workers and API processes are killed, Redis comes back empty.

What was told is counted once, and whatever follows from it equals the recount.
"""

import itertools
import os
import random
import secrets
import signal
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import flask_migrate
import requests
from flask import Flask
from sqlalchemy import text

from app import create_app
from app.embedded.database import PrivateDatabase
from app.embedded.redis import PrivateRedis
from app.extensions import db
from app.services import outbox_service
from app.services.verify_service import find_drift
from config import Config
from tests.conftest import TEST_JWT_SECRET_KEY
from tests.e2e.test_faults import children
from tests.support.effects import create_effects_table
from tests.support.fleet import WORKER, Fleet, environment_of
from tests.support.players import Player, new_player
from tests.support.processes import Running, is_ready, wait_until

EVENTS = int(os.environ.get("LAUREL_FAULT_CLIENT_EVENTS", "1000"))
PLAYERS = 50
CLIENTS = 8
TWICE_RELAY = ["-m", "tests.support.twice_relay"]
POINTS = {"login": 5, "complete_level": 20, "find_secret": 50}
REWARDS = {"login": ("newcomer", 1, 5), "complete_level": ("master", 10, 20), "find_secret": ("explorer", 3, 50)}


class Faults:
    """One disturbance after another, of everything that may die."""

    def __init__(self, fleet: Fleet, redis: PrivateRedis, server: Running) -> None:
        self._fleet, self._redis, self._server = fleet, redis, server
        self._chance = random.Random(7)
        self._number = itertools.count(1)
        self.done: Counter[str] = Counter()

    def disturb(self) -> None:
        number = next(self._number)
        if number % 4 == 0:
            self._redis.kill()
            time.sleep(0.5)
            self._redis.start()
            self.done["Redis emptied"] += 1
        elif number % 4 == 2 and (workers := children(self._server.process.pid)):
            os.kill(self._chance.choice(workers), signal.SIGKILL)
            self.done["API workers killed"] += 1
        else:
            self._fleet.kill_one(self._chance)
            self.done["relays and workers killed"] += 1


def tell_until_taken(server: Running, player: Player, event_type: str, key: str) -> int:
    """What a client does: the same request with the same key until it is answered; returns how often it asked."""
    for attempt in itertools.count(1):
        try:
            answer = requests.post(
                f"{server.url}/api/v1/event/",
                json={"event_type": event_type},
                headers={**player.headers, "Idempotency-Key": key},
                timeout=20,
            )
        except requests.RequestException:
            time.sleep(0.2)
            continue
        if answer.status_code == 201:
            return attempt
        assert answer.status_code == 503, answer.text
        time.sleep(0.1)
    raise AssertionError


def test_events_are_counted_once_whatever_dies(tmp_path: Path) -> None:
    database = PrivateDatabase(tmp_path, password=secrets.token_urlsafe(24))
    redis = PrivateRedis(tmp_path, password=secrets.token_urlsafe(24))
    database.start()
    redis.start()
    settings = {
        "SQLALCHEMY_DATABASE_URI": database.uri,
        "JWT_SECRET_KEY": TEST_JWT_SECRET_KEY,
        "REDIS_URL": redis.url,
    }
    app = create_app(Config.from_mapping(settings))
    fleet = Fleet(environment_of(database.uri, redis.url), tmp_path / "fleet.log")
    try:
        with app.app_context():
            flask_migrate.upgrade()
            create_effects_table(db.engine)
        players = [new_player(app) for _ in range(PLAYERS)]
        told = [(players[number % PLAYERS], list(POINTS)[number // PLAYERS % 3]) for number in range(EVENTS)]
        with Running(["-m", "app.server"], log=tmp_path / "api.log", **settings) as server:
            server.wait_until_ready()
            for member in (TWICE_RELAY, TWICE_RELAY, WORKER, WORKER):
                fleet.start(member)
            faults = Faults(fleet, redis, server)
            with ThreadPoolExecutor(CLIENTS) as clients:
                calls = [
                    clients.submit(tell_until_taken, server, player, event_type, f"event-{number}")
                    for number, (player, event_type) in enumerate(told)
                ]
                while wait(calls, timeout=1).not_done:
                    faults.disturb()
            attempts = sum(call.result() for call in calls)
            with app.app_context():
                for _ in range(4):  # and what waits is counted under the same faults
                    faults.disturb()
                    time.sleep(0.5)
                wait_until(lambda: outbox_service.get_figures().pending == 0, 240)
            wait_until(lambda: is_ready(server.url), 40)
            check(app, server, told)
            redis.kill()
            for number in range(20):
                assert tell_until_taken(server, players[0], "login", f"without-redis-{number}") == 1
            with app.app_context():
                assert outbox_service.get_figures().pending == 20
                redis.start()
                wait_until(lambda: outbox_service.get_figures().pending == 0, 60)
            check(app, server, [*told, *[(players[0], "login")] * 20])
        sys.stdout.write(f"events {EVENTS}, requests {attempts}, {dict(faults.done)}\n")
        assert len(faults.done) == 3
    finally:
        fleet.stop()
        redis.stop()
        with app.app_context():
            for engine in db.engines.values():
                engine.dispose()
        database.stop()


def check(app: Flask, server: Running, told: list[tuple[Player, str]]) -> None:
    """Counters, points, rewards and notices of every player are exactly what was told; nothing died."""
    expected: dict[int, Counter[str]] = {player.id: Counter() for player, _ in told}
    for player, event_type in told:
        expected[player.id][event_type] += 1
    with app.app_context(), db.engine.connect() as connection:
        assert list(find_drift()) == []
        assert outbox_service.get_figures().dead == 0
        assert connection.execute(text("SELECT COUNT(*) FROM game_events")).scalar_one() == len(told)
        for player in {player.id: player for player, _ in told}.values():
            counts = expected[player.id]
            earned = [REWARDS[kind] for kind, count in counts.items() if count >= REWARDS[kind][1]]
            stats = requests.get(f"{server.url}/api/v1/stats/{player.id}", headers=player.headers, timeout=20)
            shown = stats.json()["data"]
            points = sum(POINTS[kind] * count for kind, count in counts.items())
            assert {kind: entry["count"] for kind, entry in shown["events"].items()} == counts
            assert shown["score"] == points + sum(reward[2] for reward in earned)
            assert {item["code"] for item in shown["achievements"]} == {reward[0] for reward in earned}
            notices = connection.execute(
                text("SELECT subject FROM notifications WHERE user_id = :id"), {"id": player.id}
            ).scalars()
            assert sorted(notices) == sorted(f"{code}:1" for code, _, _ in earned)
