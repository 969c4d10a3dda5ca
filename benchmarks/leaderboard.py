"""`make bench-leaderboard`: what a board costs at 10 thousand, 1 million and 10 million players.

MySQL 9.7 with relaxed durability and a private Redis. The rows are loaded in bulk; then the set is built from MySQL,
and update, top, surroundings and own standing are measured as the services do them, one call after the other: with the
set, and counted in the index without it. `flask laurel verify` is timed with its peak of memory (only up to a million:
it is linear). `--sizes 10000,1000000` chooses.
"""

import argparse
import json
import random
import resource
import secrets
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import flask_migrate
import pymysql
import redis as redis_py

from app import create_app
from app.clients import leaderboard_set, redis_client
from app.clock import utc_now
from app.embedded.redis import PrivateRedis
from app.rules.leaderboard_rules import BestScore
from app.rules.leaderboard_set_rules import Place
from app.services import leaderboard_service, leaderboard_set_service
from app.services.verify_service import find_drift
from config import ROOT, Config

DATABASE_PORT = 33298
NAME = "laurel_bench"
BOARD = "td_score"
KEY = secrets.token_urlsafe(48)
ROWS_AT_ONCE = 200_000
CALLS = 2_000
VERIFIED_UP_TO = 1_000_000

# Every player has one finished match, so that the board equals its sources.
LOAD = """
INSERT INTO users (id, username, username_key, display_name, roles, created_at)
SELECT n, CONCAT('p', n), CONCAT('p', n), CONCAT('Player ', n), 'player', NOW(3) FROM numbers;

INSERT INTO player_progress (user_id, xp, level, soft_currency, updated_at)
SELECT n, 50, 1, 100, NOW(3) FROM numbers;

INSERT INTO user_streaks (user_id) SELECT n FROM numbers;

INSERT INTO matches (user_id, id, status, started_at, finished_at, is_win, score, duration_seconds, wave_reached,
                     xp_granted, soft_currency_granted, board_code, season, request_id)
SELECT n, n, 'finished', '2026-01-01', '2026-01-01' + INTERVAL n MOD 86400 SECOND, 1, CRC32(n) MOD 1000000, 60, 0,
       50, 100, 'td_score', 1, 'bench'
FROM numbers;

INSERT INTO statistics_daily (user_id, day, events_count, playtime_seconds, wins, score_sum)
SELECT n, '2026-01-01', 1, 60, 1, CRC32(n) MOD 1000000 FROM numbers;

INSERT INTO leaderboard_scores (board_code, season, user_id, score, achieved_at, updated_at)
SELECT 'td_score', 1, n, CRC32(n) MOD 1000000, '2026-01-01' + INTERVAL n MOD 86400 SECOND, NOW(3) FROM numbers
"""


def load(connection: "pymysql.Connection[Any]", first: int, last: int) -> None:
    """Players `first` to `last`, everything about them."""
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION unique_checks = 0, foreign_key_checks = 0, cte_max_recursion_depth = 1000000")
        for begin in range(first, last + 1, ROWS_AT_ONCE):
            end = min(begin + ROWS_AT_ONCE - 1, last)
            cursor.execute("DROP TEMPORARY TABLE IF EXISTS numbers")
            cursor.execute(
                "CREATE TEMPORARY TABLE numbers (n BIGINT PRIMARY KEY) AS WITH RECURSIVE t (n) AS"
                f" (SELECT {begin} UNION ALL SELECT n + 1 FROM t WHERE n < {end}) SELECT n FROM t"
            )
            for statement in LOAD.split(";"):
                cursor.execute(statement)
            connection.commit()
        cursor.execute("ANALYZE TABLE leaderboard_scores, player_progress, users, matches")
        cursor.fetchall()


def timed(call: Callable[[int], object], players: int, calls: int = CALLS) -> dict[str, float]:
    """Milliseconds of one call for random players."""
    chosen = random.Random(7)
    times = []
    for _ in range(calls):
        user_id = chosen.randint(1, players)
        begun = time.perf_counter()
        call(user_id)
        times.append((time.perf_counter() - begun) * 1000)
    times.sort()
    return {"p50_ms": round(statistics.median(times), 3), "p99_ms": round(times[len(times) * 99 // 100], 3)}


def build(players: int, url: str) -> dict[str, Any]:
    """Build the set; how long that takes and what it weighs."""
    server = redis_py.Redis.from_url(url)
    server.flushall()
    season = leaderboard_set_service.list_kept_seasons()[-1]
    empty = server.info("memory")["used_memory"]
    begun = time.perf_counter()
    if not leaderboard_set_service.build_set(season):
        raise RuntimeError("the set was not built")
    if leaderboard_set.count(redis_client.patient(url), BOARD, 1) != players:
        raise RuntimeError("the set does not hold everybody")
    return {
        "players": players,
        "rebuild_seconds": round(time.perf_counter() - begun, 2),
        "set_megabytes": round((server.info("memory")["used_memory"] - empty) / 1e6, 1),
    }


def measure(players: int, url: str) -> dict[str, Any]:
    """Calls as the services make them, with the set that was built, then without it."""
    quick, now = redis_client.quick(url), utc_now()

    def update(user_id: int) -> None:
        place = Place(user_id, 0, BestScore(random.Random(user_id).randint(0, 1_000_000), now))
        leaderboard_set.publish(quick, BOARD, 1, [place])

    def top(_user_id: int) -> None:
        leaderboard_service.get_top(BOARD, season=None, limit=20, offset=0)

    def deep(_user_id: int) -> None:
        leaderboard_service.get_top(BOARD, season=None, limit=20, offset=10_000)

    def around(user_id: int) -> None:
        leaderboard_service.get_around(BOARD, season=None, user_id=user_id, limit=20)

    def own(user_id: int) -> None:
        leaderboard_service.get_standing(BOARD, season=None, user_id=user_id)

    calls = {"top": top, "top_offset_10000": deep, "around": around, "me": own, "update": update}
    figures: dict[str, Any] = {name: timed(call, players) for name, call in calls.items()}
    redis_py.Redis.from_url(url).flushall()
    for name in ("top", "around", "me"):
        figures[f"{name}_without_set"] = timed(calls[name], players, CALLS // 10)
    return figures


def verify() -> dict[str, float]:
    """Time and peak of memory of a verification."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.perf_counter()
    drift = [row for row in find_drift() if row.table in {"player_progress", "statistics_daily", "leaderboard_scores"}]
    if drift:
        raise RuntimeError(f"drift: {drift[:3]}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "verify_seconds": round(time.perf_counter() - begun, 1),
        "verify_peak_megabytes": round(peak / 1024, 1),
        "verify_peak_growth_megabytes": round((peak - before) / 1024, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="10000,1000000,10000000", help="players (default all three)")
    sizes = sorted(int(size) for size in parser.parse_args().sizes.split(","))
    report = []
    with tempfile.TemporaryDirectory(prefix="laurel-bench-") as folder:
        script = str(ROOT / "scripts" / "mysql-lts")
        options = ["--relaxed", "--innodb-buffer-pool-size=3G", "--innodb-redo-log-capacity=4G"]
        subprocess.run(
            [script, "start", f"{folder}/db", str(DATABASE_PORT), *options], check=True, stdout=subprocess.DEVNULL
        )
        redis = PrivateRedis(Path(folder), password=secrets.token_urlsafe(24))
        try:
            redis.start()
            with pymysql.connect(host="127.0.0.1", port=DATABASE_PORT, user="root") as connection:
                connection.cursor().execute(f"CREATE DATABASE {NAME} CHARACTER SET utf8mb4")
            uri = f"mysql+pymysql://root@127.0.0.1:{DATABASE_PORT}/{NAME}"
            settings = {"SQLALCHEMY_DATABASE_URI": uri, "JWT_SECRET_KEY": KEY, "REDIS_URL": redis.url}
            app = create_app(Config.from_mapping({**settings, "DATABASE_READ_TIMEOUT": 600, "LOG_LEVEL": "ERROR"}))
            with app.app_context():
                flask_migrate.upgrade()
                loaded = 0
                for players in sizes:
                    begun = time.perf_counter()
                    with pymysql.connect(
                        host="127.0.0.1", port=DATABASE_PORT, user="root", database=NAME
                    ) as connection:
                        load(connection, loaded + 1, players)
                    loaded = players
                    figures = {"load_seconds": round(time.perf_counter() - begun, 1)}
                    figures |= build(players, redis.url) | measure(players, redis.url)
                    if players <= VERIFIED_UP_TO:
                        figures |= verify()
                    print(json.dumps(figures, indent=1), flush=True)
                    report.append(figures)
        finally:
            redis.stop()
            subprocess.run([script, "stop", f"{folder}/db"], check=False)
    file = ROOT / "benchmarks" / "results" / f"leaderboard-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
