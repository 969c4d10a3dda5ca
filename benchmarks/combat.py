"""`make bench-combat`: how many fights are settled, and how long one waits from its finish to `processed`.

MySQL 9.7 at full durability, a private Redis, one relay, one Celery worker with two processes. A fight has two
participants who use a potion, wear their swords down and win loot. Afterwards everybody's xp, gold and items must equal
their ledgers.
"""

import argparse
import contextlib
import json
import os
import random
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import flask_migrate
from flask import Flask

from app import create_app
from app.embedded.redis import PrivateRedis
from app.rules.character_rules import ItemTemplate
from app.schemas.combat import SettleCombat
from app.services import combat_settlement_service, item_service
from app.services.verify_service import find_drift
from benchmarks.database import Database, running_database
from config import ROOT, Config

DATABASE_PORT = 33299
SETTLED_LOG = "LAUREL_BENCH_SETTLED_LOG"  # the file in which the worker writes down when it settled what
KEY = secrets.token_urlsafe(48)
CHARACTERS = 2_000
THREADS = 8
POTION = ItemTemplate("bench_potion", "Bench potion", max_stack=1_000_000, max_durability=None)
SWORD = ItemTemplate("bench_sword", "Bench sword", max_stack=1, max_durability=1_000_000)
PELT = ItemTemplate("bench_pelt", "Bench pelt", max_stack=50, max_durability=None)


class Fights:
    """Hands in fights as an engine would, in this process."""

    def __init__(self, app: Flask, database: Database) -> None:
        self._app = app
        self.database = database
        self._chance = random.Random(1)
        self.accepted: dict[int, float] = {}

    def make_characters(self) -> None:
        """Characters 1..CHARACTERS with potions in the belt (their id + CHARACTERS) and a sword."""
        with self._app.app_context():
            for template in (POTION, SWORD, PELT):
                item_service.create_item_template(template)
        numbers = [(number,) for number in range(1, CHARACTERS + 1)]
        with self.database.connect() as connection, connection.cursor() as cursor:
            self.database.make_players()
            cursor.executemany(
                "INSERT INTO characters (id, user_id, name, hp, max_hp, energy, created_at, updated_at)"
                " VALUES (%s, 1, 'bench', 100, 100, 100, NOW(3), NOW(3))",
                numbers,
            )
            for first_id, template, quantity, slot, durability in (
                (0, POTION, 1_000_000, "belt_1", None),
                (CHARACTERS, SWORD, 1, "weapon", 1_000_000),
            ):
                cursor.execute(
                    "INSERT INTO inventory (character_id, id, item_template_id, quantity, slot, durability, created_at)"
                    " SELECT id, id + %s, %s, %s, %s, %s, NOW(3) FROM characters",
                    (first_id, template.id, quantity, slot, durability),
                )
                cursor.execute(
                    "INSERT INTO item_ledger (character_id, item_template_id, quantity, source, source_id, created_at)"
                    " SELECT id, %s, %s, 'granted', 0, NOW(3) FROM characters",
                    (template.id, quantity),
                )

    def hand_in(self, count: int) -> None:
        """`count` fights from THREADS threads."""
        with ThreadPoolExecutor(THREADS) as engines:
            for combat_id, at in engines.map(self._hand_in_one, [self._payload() for _ in range(count)]):
                self.accepted[combat_id] = at

    def _hand_in_one(self, payload: dict[str, Any]) -> tuple[int, float]:
        with self._app.app_context():
            fight = combat_settlement_service.accept_fight(SettleCombat.model_validate(payload).as_fight())
        return fight.combat_id, fight.finished_at.timestamp()

    def _payload(self) -> dict[str, Any]:
        return {
            "session_id": secrets.token_hex(16),
            "meta": {"end_timestamp": int(time.time()), "winner_team": "blue", "finish_reason": "victory"},
            "participants": {
                str(character_id): {
                    "is_winner": True,
                    "state_snapshot": {"hp": 45, "energy": 20},
                    "changes": {
                        "xp_gained": 1250,
                        "gold_gained": 100,
                        "items_consumed": [{"inventory_id": character_id, "item_template_id": POTION.id, "qty": 1}],
                        "durability_loss": {f"item:{SWORD.id}": 1},
                    },
                    "ui_report": {"damage_dealt": 5000, "loot_obtained": [{"name": PELT.name, "qty": 1}]},
                }
                for character_id in self._chance.sample(range(1, CHARACTERS + 1), 2)
            },
            "replay_log": [{"turn": turn, "hit": 17} for turn in range(20)],
        }

    def wait_until_settled(self) -> None:
        with self.database.connect() as connection, connection.cursor() as cursor:
            while cursor.execute("SELECT 1 FROM outbox WHERE done_at IS NULL LIMIT 1"):
                time.sleep(0.02)

    def check(self) -> None:
        with self._app.app_context():
            drift = list(find_drift())
        if drift:
            raise RuntimeError(f"{len(drift)} rows differ from their ledgers: {drift[:3]}")
        with self.database.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT settlement_status, COUNT(*) FROM combat_history GROUP BY 1")
            statuses = dict(cursor.fetchall())
        if statuses != {"processed": len(self.accepted)}:
            raise RuntimeError(f"{len(self.accepted)} fights, {statuses}")


@contextlib.contextmanager
def running_fleet(uri: str, redis_url: str, folder: Path) -> Iterator[None]:
    environment = {
        **os.environ,
        "SQLALCHEMY_DATABASE_URI": uri,
        "REDIS_URL": redis_url,
        "JWT_SECRET_KEY": KEY,
        "LOG_LEVEL": "WARNING",
        SETTLED_LOG: str(folder / "settled"),
    }
    worker = ["-m", "celery", "-A", "benchmarks.combat_worker", "worker", "--concurrency", "2", "--loglevel", "WARNING"]
    with (folder / "fleet.log").open("ab") as output:
        processes = [
            subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=environment, stdout=output, stderr=output)
            for arguments in (["-m", "app.workers.relay"], worker)
        ]
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
            process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fights", type=int, default=10_000, help="that wait at the start (default 10000)")
    parser.add_argument("--rate", type=int, default=100, help="fights/s of the second part (default 100)")
    parser.add_argument("--seconds", type=int, default=20, help="of the second part (default 20)")
    options = parser.parse_args()
    with running_database(DATABASE_PORT) as database, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        redis = PrivateRedis(folder, password=secrets.token_urlsafe(24))
        redis.start()
        uri = database.uri("pymysql")
        app = create_app(
            Config.from_mapping({"SQLALCHEMY_DATABASE_URI": uri, "JWT_SECRET_KEY": KEY, "REDIS_URL": redis.url})
        )
        with app.app_context():
            flask_migrate.upgrade()
        fights = Fights(app, database)
        fights.make_characters()
        try:
            with running_fleet(uri, redis.url, folder):
                fights.hand_in(1)
                fights.wait_until_settled()  # everybody is up
                figures = _measure(fights, options, folder / "settled")
            fights.check()
        finally:
            redis.stop()
    for figure, value in figures.items():
        print(f"{figure:28}{value:12.1f}")
    file = ROOT / "benchmarks" / "results" / f"combat-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(figures, indent=1) + "\n")


def _measure(fights: Fights, options: argparse.Namespace, settled_log: Path) -> dict[str, float]:
    with fights.database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE outbox_shards SET leased_until = '2999-01-01'")
        begun = time.perf_counter()
        fights.hand_in(options.fights)
        accepted_per_second = options.fights / (time.perf_counter() - begun)
        cursor.execute("UPDATE outbox_shards SET leased_until = '2000-01-01'")
    begun = time.perf_counter()
    fights.wait_until_settled()
    settled_per_second = options.fights / (time.perf_counter() - begun)
    before = set(fights.accepted)
    begun = time.perf_counter()
    for tick in range(options.seconds * 10):
        time.sleep(max(0.0, begun + tick / 10 - time.perf_counter()))
        fights.hand_in(options.rate // 10)
    achieved = options.rate * options.seconds / (time.perf_counter() - begun)
    fights.wait_until_settled()
    time.sleep(1)  # what follows the last commit
    settled = (line.split() for line in settled_log.read_text().splitlines())
    waits = sorted(
        (float(at) - fights.accepted[int(combat_id)]) * 1000
        for combat_id, at in settled
        if int(combat_id) not in before
    )
    return {
        "accepted_per_second": accepted_per_second,
        "settled_per_second": settled_per_second,
        "rate_per_second": achieved,
        **{f"finish_to_processed_p{p}_ms": waits[len(waits) * p // 100] for p in (50, 95, 99)},
    }


if __name__ == "__main__":
    main()
