"""`make bench-relay`: how many outbox events relay and workers apply, and how long an event waits at half that rate.

MySQL 9.7 at full durability, a private Redis, one relay, one Celery worker with two processes; the effect of an event
is a row, written set-based. Afterwards every event must have been applied once and in order.
"""

import argparse
import contextlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import flask_migrate
from uuid_utils.compat import uuid7

from app import create_app
from app.clock import utc_now
from app.embedded.redis import PrivateRedis
from app.rules.outbox_rules import shard_of
from benchmarks.database import Database, running_database
from benchmarks.relay_worker import EVENT_TYPE
from config import ROOT, Config

DATABASE_PORT = 33297
KEYS = 5_000
KEY = secrets.token_urlsafe(48)
ROWS_AT_ONCE = 1_000


class Events:
    """Writes events, each key's numbered from 0 on, as committed transactions would."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.written = 0
        self._connection = database.connect()

    def write(self, count: int) -> None:
        """`count` events now, in one transaction."""
        rows = []
        now = utc_now().replace(tzinfo=None)
        for number in range(self.written, self.written + count):
            key = f"k{number % KEYS}"
            payload = json.dumps({"number": number // KEYS})
            rows.append((uuid7().bytes, shard_of(key), EVENT_TYPE, key, payload, now))
        with self._connection.cursor() as cursor:
            cursor.executemany(  # one INSERT of many rows, as all its values are placeholders
                "INSERT INTO outbox (event_id, shard, event_type, event_key, payload_json, created_at)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                rows,
            )
        self.written += count

    def wait_until_done(self) -> None:
        with self.database.connect() as connection, connection.cursor() as cursor:
            while cursor.execute("SELECT 1 FROM outbox WHERE done_at IS NULL LIMIT 1"):
                time.sleep(0.05)

    def check(self) -> None:
        """Every event once, and of each key in order."""
        with self.database.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT event_key, number FROM bench_effects ORDER BY position")
            next_number: dict[str, int] = {}
            for key, number in cursor.fetchall():
                if number != next_number.get(key, 0):
                    raise RuntimeError(f"{key}: {number} was applied where {next_number.get(key, 0)} was due")
                next_number[key] = number + 1
        if sum(next_number.values()) != self.written:
            raise RuntimeError(f"{self.written} events, {sum(next_number.values())} effects")


@contextlib.contextmanager
def running_fleet(uri: str, redis_url: str, log: Path) -> Iterator[None]:
    environment = {
        **os.environ,
        "SQLALCHEMY_DATABASE_URI": uri,
        "REDIS_URL": redis_url,
        "JWT_SECRET_KEY": KEY,
        "LOG_LEVEL": "WARNING",
    }
    worker = ["-m", "celery", "-A", "benchmarks.relay_worker", "worker", "--concurrency", "2", "--loglevel", "WARNING"]
    with log.open("ab") as output:
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
    parser.add_argument("--events", type=int, default=100_000, help="that wait at the start (default 100000)")
    parser.add_argument("--rate", type=int, default=2_500, help="events/s of the second part (default 2500)")
    parser.add_argument("--seconds", type=int, default=20, help="of the second part (default 20)")
    options = parser.parse_args()
    with running_database(DATABASE_PORT) as database, tempfile.TemporaryDirectory() as folder:
        uri = database.uri("pymysql")
        app = create_app(Config.from_mapping({"SQLALCHEMY_DATABASE_URI": uri, "JWT_SECRET_KEY": KEY}))
        with app.app_context():
            flask_migrate.upgrade()
        with database.connect() as connection, connection.cursor() as cursor:
            cursor.execute(
                "CREATE TABLE bench_effects (position BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,"
                " event_key VARCHAR(64) NOT NULL, number BIGINT NOT NULL)"
            )
        redis = PrivateRedis(Path(folder), password=secrets.token_urlsafe(24))
        redis.start()
        events = Events(database)
        try:
            with running_fleet(uri, redis.url, Path(folder) / "fleet.log"):
                events.write(1)
                events.wait_until_done()  # everybody is up
                with database.connect() as connection, connection.cursor() as cursor:
                    cursor.execute("UPDATE outbox_shards SET leased_until = '2999-01-01'")
                    for _ in range(options.events // ROWS_AT_ONCE):
                        events.write(ROWS_AT_ONCE)
                    cursor.execute("UPDATE outbox_shards SET leased_until = '2000-01-01'")
                begun = time.perf_counter()
                events.wait_until_done()
                per_second = events.written / (time.perf_counter() - begun)
                first_id = written = events.written
                ticks = 20
                begun = time.perf_counter()
                for tick in range(options.seconds * ticks):
                    time.sleep(max(0.0, begun + tick / ticks - time.perf_counter()))
                    events.write(options.rate // ticks)
                achieved = (events.written - written) / (time.perf_counter() - begun)
                events.wait_until_done()
            events.check()
        finally:
            redis.stop()
        with database.connect() as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT TIMESTAMPDIFF(MICROSECOND, created_at, done_at) / 1e3 AS ms FROM outbox"
                " WHERE id > %s ORDER BY ms",
                (first_id,),
            )
            lags = [float(row[0]) for row in cursor.fetchall()]
    figures = {
        "applied_per_second": per_second,
        "written_per_second": achieved,
        **{f"lag_p{p}_ms": lags[len(lags) * p // 100] for p in (50, 95, 99)},
    }
    for name, value in figures.items():
        print(f"{name:20}{value:12.1f}")
    file = ROOT / "benchmarks" / "results" / f"relay-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
