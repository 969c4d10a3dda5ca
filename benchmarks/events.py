"""`make bench-events`: how many events clients can tell, how many are counted, and how long one waits to be.

MySQL 9.7 at full durability. First wrk tells events from 32 connections in a closed loop; then one relay and one Celery
worker with two processes count what has come together; then events come at a steady rate while they are counted. At the
end every counter, point, reward and notice must equal the recount (`flask laurel verify`).
"""

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import flask_migrate
from flask import Flask
from uuid_utils.compat import uuid7

from app import create_app
from app.clock import utc_now
from app.embedded.redis import PrivateRedis
from app.extensions import db
from app.middleware.auth_jwt import issue_access_token
from app.rules.outbox_rules import shard_of
from app.services.verify_service import find_drift
from benchmarks.cpu import cpu_seconds
from benchmarks.database import PLAYERS, Database, running_database
from benchmarks.settlement import API_PORT, CONNECTIONS, KEY, WARM_UP_SECONDS, WRK_THREADS, serving
from config import ROOT, Config

DATABASE_PORT = 33398
BACKLOG = 60_000
TICKS = 20  # of a second
TYPES = (("login", 5), ("complete_level", 20), ("find_secret", 50))
Figures = dict[str, float]


def told_over_http(database: Database, driver: str, tokens: list[str], seconds: int) -> Figures:
    """Load the API with wrk; every 201 must be an event and an outbox row."""
    with tempfile.NamedTemporaryFile("w", suffix=".tokens") as file:
        file.writelines(f"{token}\n" for token in tokens)
        file.flush()
        command = ["wrk", f"-t{WRK_THREADS}", f"-c{CONNECTIONS}", "--timeout", "20s"]
        script = ["-s", str(ROOT / "benchmarks" / "tell_event.lua"), f"http://127.0.0.1:{API_PORT}/api/v1/event/"]
        with serving(["-m", "app.server"], database.uri(driver)) as pid:
            subprocess.run(
                [*command, f"-d{WARM_UP_SECONDS}s", *script, "--", file.name], check=True, capture_output=True
            )
            before = number_of_events(database)
            api, mysql = cpu_seconds(pid), cpu_seconds(database.pid)
            run = [*command, f"-d{seconds}s", *script, "--", file.name]
            output = subprocess.run(run, check=True, capture_output=True, text=True).stdout
            api, mysql = cpu_seconds(pid) - api, cpu_seconds(database.pid) - mysql
    figures: Figures = json.loads(output.split("RESULT ", 1)[1])
    taken = number_of_events(database) - before
    if figures["errors"] or not figures["requests"] <= taken <= figures["requests"] + 2 * CONNECTIONS:
        raise RuntimeError(f"{taken} events were taken: {output}")
    return {
        "told_per_second": figures["requests"] / figures["seconds"],
        **{f"told_p{p}_ms": figures[f"p{p}_ms"] for p in (50, 95, 99)},
        "told_api_cpu_ms": 1000 * api / figures["requests"],
        "told_mysql_cpu_ms": 1000 * mysql / figures["requests"],
    }


def number_of_events(database: Database) -> int:
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM game_events")
        (count,) = cursor.fetchone()
        return int(count)


class Writer:
    """Writes events with their outbox rows as the API does, without its HTTP."""

    def __init__(self, database: Database) -> None:
        self._connection = database.connect()
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT COALESCE(MAX(id), 0) FROM game_events")
            (self._last_id,) = cursor.fetchone()

    def write(self, count: int) -> None:
        """`count` events in one transaction."""
        now = utc_now().replace(tzinfo=None)
        events, announced = [], []
        for event_id in range(self._last_id + 1, self._last_id + count + 1):
            user_id = 1 + event_id % PLAYERS
            event_type, points = TYPES[event_id % len(TYPES)]
            payload = f'{{"event_id":{event_id}}}'
            events.append((user_id, event_id, event_type, points, now))
            announced.append((uuid7().bytes, shard_of(str(user_id)), "event.recorded", str(user_id), payload, now))
        self._last_id += count
        with self._connection.cursor() as cursor:
            self._connection.begin()
            cursor.executemany(
                "INSERT INTO game_events (user_id, id, event_type, points, created_at) VALUES (%s, %s, %s, %s, %s)",
                events,
            )
            cursor.executemany(
                "INSERT INTO outbox (event_id, shard, event_type, event_key, payload_json, created_at)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                announced,
            )
            self._connection.commit()


def pending(database: Database) -> int:
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM outbox WHERE done_at IS NULL")
        (count,) = cursor.fetchone()
        return int(count)


def set_leases(database: Database, until: str) -> None:
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE outbox_shards SET lease_token = NULL, leased_until = %s", (until,))


def wait_until_counted(database: Database) -> None:
    deadline = time.monotonic() + 300
    while pending(database):
        if time.monotonic() > deadline:
            raise RuntimeError("events are not counted")
        time.sleep(0.1)


def counted(database: Database, pids: list[int], rate: int, seconds: int) -> Figures:
    """Count what waits, at least BACKLOG of it; then write at a steady rate and look how long each event waited."""
    set_leases(database, "2999-01-01")  # nothing is counted while the backlog is written
    writer = Writer(database)
    while (missing := BACKLOG - pending(database)) > 0:
        writer.write(min(missing, 5_000))
    waiting = pending(database)
    set_leases(database, "2000-01-01")
    begun = time.perf_counter()
    workers, mysql = sum(map(cpu_seconds, pids)), cpu_seconds(database.pid)
    wait_until_counted(database)
    per_second = waiting / (time.perf_counter() - begun)
    workers, mysql = sum(map(cpu_seconds, pids)) - workers, cpu_seconds(database.pid) - mysql
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT MAX(id) FROM outbox")
        (last_id,) = cursor.fetchone()
    begun = time.perf_counter()
    for tick in range(seconds * TICKS):
        time.sleep(max(0.0, begun + tick / TICKS - time.perf_counter()))
        writer.write(rate // TICKS)
    written = seconds * rate / (time.perf_counter() - begun)
    wait_until_counted(database)
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT TIMESTAMPDIFF(MICROSECOND, created_at, done_at) / 1e3 AS ms FROM outbox WHERE id > %s ORDER BY ms",
            (last_id,),
        )
        waits = [float(row[0]) for row in cursor.fetchall()]
    return {
        "counted_per_second": per_second,
        "count_worker_cpu_ms": 1000 * workers / waiting,
        "count_mysql_cpu_ms": 1000 * mysql / waiting,
        "steady_per_second": written,
        **{f"wait_p{p}_ms": waits[len(waits) * p // 100] for p in (50, 95, 99)},
    }


@contextlib.contextmanager
def fleet(uri: str, redis_url: str, log: Path) -> Iterator[list[int]]:
    """One relay, one worker with two processes; their pids."""
    environment = {
        **os.environ,
        "SQLALCHEMY_DATABASE_URI": uri,
        "REDIS_URL": redis_url,
        "JWT_SECRET_KEY": KEY,
        "LOG_LEVEL": "WARNING",
    }
    worker = ["-m", "celery", "-A", "app.workers.celery_app", "worker", "--concurrency", "2", "--loglevel", "WARNING"]
    with log.open("ab") as output:
        processes = [
            subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=environment, stdout=output, stderr=output)
            for arguments in (["-m", "app.workers.relay"], worker)
        ]
    try:
        yield [process.pid for process in processes]
    finally:
        for process in processes:
            process.terminate()
            process.wait()


def check(app: Flask, database: Database) -> None:
    """Everything that is counted equals its recount, and nothing died."""
    with app.app_context():
        drift = list(find_drift())
        db.engine.dispose()
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM dead_letters")
        (dead,) = cursor.fetchone()
    if drift or dead:
        raise RuntimeError(f"{len(drift)} rows drifted, {dead} dead letters: {drift[:3]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=15, help="of each part (default 15)")
    parser.add_argument("--rate", type=int, default=1_500, help="events/s of the steady part (default 1500)")
    parser.add_argument("--driver", choices=("pymysql", "mysqldb"), default="pymysql")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is needed: sudo apt-get install wrk")
    figures: dict[str, Any] = {}
    with running_database(DATABASE_PORT) as database, tempfile.TemporaryDirectory() as folder:
        uri = database.uri("pymysql")
        config = Config.from_mapping({"SQLALCHEMY_DATABASE_URI": uri, "JWT_SECRET_KEY": KEY, "LOG_LEVEL": "WARNING"})
        app = create_app(config)
        with app.app_context():
            flask_migrate.upgrade()
            database.make_players()
            tokens = [issue_access_token(user, ["player"], timedelta(days=1)) for user in range(1, PLAYERS + 1)]
        figures |= told_over_http(database, options.driver, tokens, options.seconds)
        redis = PrivateRedis(Path(folder), password=KEY)
        redis.start()
        try:
            with fleet(database.uri(options.driver), redis.url, Path(folder) / "fleet.log") as pids:
                wait_until_counted(database)  # everybody is up
                figures |= counted(database, pids, options.rate, options.seconds)
        finally:
            redis.stop()
        check(app, database)
    for name, value in figures.items():
        print(f"{name:22}{value:10.2f}")
    file = ROOT / "benchmarks" / "results" / f"events-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(figures, indent=1) + "\n")
    print(f"saved as {file.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
