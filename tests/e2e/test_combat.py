"""Fights delivered three times while relays and workers are killed, and pressed long after they are over."""

import json
import os
import random
import secrets
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
import redis
import requests
from flask import Flask
from sqlalchemy import text

from app import create_app
from app.embedded.database import PrivateDatabase
from app.embedded.redis import PrivateRedis
from app.extensions import db
from app.middleware.revocations import POLL_SECONDS
from app.rules.character_rules import Character, ItemTemplate
from app.services import item_service, outbox_service
from app.services.verify_service import find_drift
from config import ROOT, Config
from tests.conftest import TEST_JWT_SECRET_KEY
from tests.support.characters import PELT, SWORD, give, make_templates, new_character
from tests.support.fights import outcome, payload_of
from tests.support.fleet import RELAY, WORKER, Fleet, environment_of
from tests.support.players import Player, new_player
from tests.support.processes import Running, wait_until

FIGHTS = int(os.environ.get("LAUREL_FAULT_FIGHTS", "120"))
PRESSES = int(os.environ.get("LAUREL_FAULT_PRESSES", "2000"))
CHARACTERS = 50
CLIENTS = 8
TRIPLE_RELAY = ["-m", "tests.support.triple_relay"]
BIG_STACK = ItemTemplate("test_flask", "Flask of the test", max_stack=1_000_000, max_durability=None)


@dataclass
class World:
    """A database, a Redis and an API of their own, and characters with full belts."""

    app: Flask
    server: Running
    redis: PrivateRedis
    environment: dict[str, str]
    log: Path
    combat_engine: Player
    heroes: list[tuple[Player, Character, int]]

    def rows(self, statement: str, **parameters: object) -> list[Any]:
        with self.app.app_context(), db.engine.connect() as connection:
            return list(connection.execute(text(statement), parameters))

    def hand_in(self, payload: dict[str, Any]) -> requests.Response:
        return requests.post(
            f"{self.server.url}/api/v1/combat/settlements", json=payload, headers=self.combat_engine.headers, timeout=20
        )

    def waits(self) -> bool:
        with self.app.app_context():
            return outbox_service.get_figures().pending > 0

    def check(self, payloads: list[dict[str, Any]]) -> None:
        """Every fight is settled once: xp, gold, belts, loot and wear as added up here."""
        expected: Counter[tuple[int, str]] = Counter()
        wear: Counter[int] = Counter()
        for payload in payloads:
            for character, fought in payload["participants"].items():
                changes = fought["changes"]
                hero = int(character)
                expected[hero, "xp"] += changes["xp_gained"]
                expected[hero, "gold"] += changes["gold_gained"]
                expected[hero, BIG_STACK.id] -= sum(item["qty"] for item in changes["items_consumed"])
                expected[hero, PELT.id] += sum(loot["qty"] for loot in fought["ui_report"]["loot_obtained"])
                wear[hero] += sum(changes["durability_loss"].values())
        for _, hero, _ in self.heroes:
            (standing,) = self.rows("SELECT xp, gold FROM characters WHERE id = :id", id=hero.id)
            assert tuple(standing) == (expected[hero.id, "xp"], expected[hero.id, "gold"])
            held = Counter(
                {
                    row.item_template_id: int(row.held)
                    for row in self.rows(
                        "SELECT item_template_id, SUM(quantity) AS held FROM inventory WHERE character_id = :id"
                        " GROUP BY item_template_id",
                        id=hero.id,
                    )
                }
            )
            assert held[BIG_STACK.id] == 100_000 + expected[hero.id, BIG_STACK.id]
            assert held[PELT.id] == expected[hero.id, PELT.id]
            (sword,) = self.rows(
                "SELECT durability FROM inventory WHERE character_id = :id AND slot = 'weapon'", id=hero.id
            )
            assert sword.durability == max(0, 100 - wear[hero.id])
        statuses = self.rows("SELECT settlement_status, COUNT(*) AS fights FROM combat_history GROUP BY 1")
        assert [tuple(row) for row in statuses] == [("processed", len(payloads))]
        with self.app.app_context():
            assert list(find_drift()) == []
            assert outbox_service.get_figures().dead == 0


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    database = PrivateDatabase(tmp_path, password=secrets.token_urlsafe(24))
    database.start()
    store = PrivateRedis(tmp_path, password=secrets.token_urlsafe(24))
    store.start()
    settings = {
        "SQLALCHEMY_DATABASE_URI": database.uri,
        "JWT_SECRET_KEY": TEST_JWT_SECRET_KEY,
        "REDIS_URL": store.url,
        "LOG_LEVEL": "WARNING",
    }
    app = create_app(Config.from_mapping(settings))
    try:
        with app.app_context():
            flask_migrate.upgrade()
            item_service.create_item_template(BIG_STACK)
        make_templates(app)
        heroes = []
        for _ in range(CHARACTERS):
            player = new_player(app)
            hero = new_character(app, player)
            give(app, hero, SWORD, 1, "weapon")
            heroes.append((player, hero, give(app, hero, BIG_STACK, 100_000, "belt_1")))
        with Running(["-m", "app.server"], log=tmp_path / "api.log", **settings) as server:
            server.wait_until_ready()
            environment = environment_of(database.uri, store.url)
            combat_engine = new_player(app, ["system"])
            yield World(app, server, store, environment, tmp_path / "fleet.log", combat_engine, heroes)
    finally:
        with app.app_context():
            for engine in db.engines.values():
                engine.dispose()
        store.stop()
        database.stop()


def a_fight(chance: random.Random, heroes: list[tuple[Player, Character, int]]) -> dict[str, Any]:
    return payload_of(
        {
            hero.id: outcome(
                xp_gained=chance.randrange(1000),
                gold_gained=chance.randrange(100),
                items_consumed=[{"inventory_id": flask, "item_template_id": BIG_STACK.id, "qty": chance.randint(1, 9)}],
                durability_loss={f"item:{SWORD.id}": chance.randrange(3)},
                ui_report={"loot_obtained": [{"name": PELT.name, "qty": chance.randint(1, 4)}]},
            )
            for _, hero, flask in chance.sample(heroes, chance.randint(1, 4))
        }
    )


def test_fights_over_the_same_characters_add_up_while_everything_is_killed(world: World) -> None:
    chance = random.Random(7)
    payloads = [a_fight(chance, world.heroes) for _ in range(FIGHTS)]
    deliveries = payloads * 3
    chance.shuffle(deliveries)
    fleet = Fleet(world.environment, world.log)
    for member in (TRIPLE_RELAY, TRIPLE_RELAY, WORKER, WORKER):
        fleet.start(member)
    answers: dict[str, set[bytes]] = {payload["session_id"]: set() for payload in payloads}
    lock = threading.Lock()

    def deliver(payload: dict[str, Any]) -> None:
        answer = world.hand_in(payload)
        assert answer.status_code == 202, answer.text
        with lock:
            answers[payload["session_id"]].add(answer.content)

    kills = 0
    try:
        with ThreadPoolExecutor(CLIENTS) as clients:
            sent = [clients.submit(deliver, payload) for payload in deliveries]
            while not all(delivery.done() for delivery in sent):
                time.sleep(1)
                fleet.kill_one(chance)
                kills += 1
        for delivery in sent:
            delivery.result()
        while kills < 8 and world.waits():
            time.sleep(1)
            fleet.kill_one(chance)
            kills += 1
        wait_until(lambda: not world.waits(), 100)
    finally:
        fleet.stop()
    assert all(len(distinct) == 1 for distinct in answers.values())
    sys.stdout.write(f"fights {len(payloads)}, delivered {len(deliveries)}, killed {kills}\n")
    world.check(payloads)


def test_a_worker_killed_at_each_step_settles_all_or_nothing(world: World) -> None:
    chance = random.Random(8)
    payloads, seen, step, survived = [], Counter[str](), 0, False
    while not survived:
        payload = a_fight(chance, world.heroes[:4])
        payloads.append(payload)
        assert world.hand_in(payload).status_code == 202
        with world.app.app_context(), db.engine.begin() as connection:
            connection.execute(text("UPDATE outbox_shards SET lease_token = NULL, leased_until = '2000-01-01'"))
            connection.execute(text("UPDATE outbox SET shard = 7 WHERE done_at IS NULL"))  # one batch for all
        worker = subprocess.run(
            [sys.executable, "-m", "tests.support.dying_worker", str(step)],
            cwd=ROOT,
            env=world.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        survived = "survived" in worker.stdout
        assert survived or worker.returncode == -9, worker.stderr
        (row,) = world.rows(
            "SELECT h.settlement_status AS settled, o.done_at IS NOT NULL AS done FROM combat_history h"
            " JOIN outbox o ON o.event_key = h.session_id WHERE h.session_id = :s",
            s=payload["session_id"],
        )
        assert (row.settled == "processed") == bool(row.done)
        seen[row.settled] += 1
        with world.app.app_context():
            assert list(find_drift()) == []
        step += 1
    assert seen["pending"] > 12
    assert seen["processed"] > 1  # killed behind the commit
    fleet = Fleet(world.environment, world.log)
    for member in (RELAY, WORKER):
        fleet.start(member)
    try:
        wait_until(lambda: not world.waits(), 60)
    finally:
        fleet.stop()
    world.check(payloads)
    sys.stdout.write(f"killed at {step - 1} steps: {dict(seen)}\n")


def test_presses_of_a_stale_button_are_at_most_one_query(world: World) -> None:
    player, hero, _ = world.heroes[0]
    payload = payload_of({hero.id: outcome(gold_gained=100)})
    assert world.hand_in(payload).status_code == 202
    fleet = Fleet(world.environment, world.log)
    for member in (RELAY, WORKER):
        fleet.start(member)
    try:
        wait_until(lambda: not world.waits(), 60)
    finally:
        fleet.stop()
    redis.Redis.from_url(world.redis.url).flushall()
    body = {"action_id": "late", "version": 1, "character_id": hero.id, "type": "use_item", "slot": "belt_1"}
    url = f"{world.server.url}/api/v1/combat/{payload['session_id']}/actions"
    nonsense = f"{world.server.url}/api/v1/combat/nonsense/actions"

    def press(target: str, times: int) -> Counter[int]:
        statuses: Counter[int] = Counter()
        with requests.Session() as session:
            session.headers.update({**player.headers, "Content-Type": "application/json"})
            for _ in range(times):
                statuses[session.post(target, data=json.dumps(body), timeout=20).status_code] += 1
        return statuses

    with ThreadPoolExecutor(16) as fingers:  # every process opens its connections, which asks the server things too
        list(
            fingers.map(lambda number: press(f"{world.server.url}/api/v1/combat/warm-{number}/actions", 1), range(200))
        )
    for target, status in ((url, 200), (nonsense, 404)):
        before, begun = selects(world), time.monotonic()
        with ThreadPoolExecutor(16) as fingers:
            pressed = sum(fingers.map(lambda _, t=target: press(t, PRESSES // 16), range(16)), Counter())
        # every process also polls for revoked tokens
        seconds = time.monotonic() - begun
        polls = 2 * (int(seconds / POLL_SECONDS) + 2)
        asked = selects(world) - before
        sys.stdout.write(f"{PRESSES} presses in {seconds:.1f} s: {asked} queries, up to {polls} of them polls\n")
        assert pressed == {status: PRESSES // 16 * 16}
        assert asked <= 1 + polls


def selects(world: World) -> int:
    """How many queries the server has answered, without this one."""
    ((_, count),) = world.rows("SHOW GLOBAL STATUS LIKE 'Com_select'")
    return int(count)
