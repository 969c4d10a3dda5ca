"""`make bench`: how fast `POST /match/finish` settles, beside the limit of the database and an ordinary Flask app.

Every variant runs on the same MySQL 9.7 at full durability, from 32 connections in a closed loop, with a player and a
match of its own for every request. Runs are interleaved, because these machines are shared: compare ratios within one
report, not figures of two. The report is printed and saved under `benchmarks/results/`.
"""

import argparse
import json
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import flask_migrate

from app import create_app
from app.middleware.auth_jwt import issue_access_token
from benchmarks.cpu import cpu_seconds
from benchmarks.database import NAME, PLAYERS, Database, running_database
from config import ROOT, Config

CONNECTIONS = 32
WRK_THREADS = 2
DATABASE_PORT = 33197
API_PORT = 5197
MATCHES_PER_SECOND = 6_000  # more than any variant settles
WARM_UP_SECONDS = 2
LIMIT, BASELINE = "limit", "baseline"
KEY = secrets.token_urlsafe(48)

SERVERS: dict[str, tuple[str, list[str]]] = {
    "laurel, mysqlclient": ("mysqldb", ["-m", "app.server"]),
    "laurel, PyMySQL": ("pymysql", ["-m", "app.server"]),
    BASELINE: (
        "pymysql",
        ["-m", "gunicorn", "--workers", "2", "--threads", "8", "--bind", f"127.0.0.1:{API_PORT}",
         "--log-level", "warning", "benchmarks.baseline.app:app"],
    ),
}  # fmt: skip


class Bench:
    """The state of one benchmark: its database, the tokens and the next unused match id."""

    def __init__(self, database: Database, seconds: int) -> None:
        self.database = database
        self.seconds = seconds
        self.next_match = 1_000_000
        config = Config.from_mapping({"SQLALCHEMY_DATABASE_URI": database.uri("pymysql"), "JWT_SECRET_KEY": KEY})
        app = create_app(config.model_copy(update={"LOG_LEVEL": "WARNING"}))
        with app.app_context():
            flask_migrate.upgrade()
            database.make_players()
            day = timedelta(days=1)
            self.tokens = {user: issue_access_token(user, ["player"], day) for user in range(1, PLAYERS + 1)}

    def open_matches(self, count: int) -> list[tuple[int, int]]:
        matches = self.database.open_matches(self.next_match, count)
        self.next_match += count
        return matches

    def run_server(self, name: str) -> dict[str, float]:
        """Start the server, warm it up, load it with wrk; figures of the measured part."""
        driver, arguments = SERVERS[name]
        with serving(arguments, self.database.uri(driver)) as pid:
            self.wrk(WARM_UP_SECONDS, pid)
            return self.wrk(self.seconds, pid)

    def wrk(self, seconds: int, pid: int) -> dict[str, float]:
        """Load the server at `pid` for that long, with CPU time per request of it and of MySQL."""
        matches = self.open_matches(seconds * MATCHES_PER_SECOND)
        with tempfile.NamedTemporaryFile("w", suffix=".jobs") as jobs:
            jobs.writelines(f"{self.tokens[user]} {match}\n" for match, user in matches)
            jobs.flush()
            script = str(ROOT / "benchmarks" / "finish_match.lua")
            command = ["wrk", f"-t{WRK_THREADS}", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "20s", "-s", script]
            command += [f"http://127.0.0.1:{API_PORT}/match/finish", "--", jobs.name]
            api, mysql = cpu_seconds(pid), cpu_seconds(self.database.pid)
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            api, mysql = cpu_seconds(pid) - api, cpu_seconds(self.database.pid) - mysql
        figures: dict[str, float] = json.loads(output.split("RESULT ", 1)[1])
        if figures["errors"] or figures["requests"] > len(matches):
            raise RuntimeError(f"this run does not count: {output}")
        self.check_settled(matches[0][0], int(figures["requests"]))
        figures["per_second"] = figures["requests"] / figures["seconds"]
        figures["api_cpu_ms"] = 1000 * api / figures["requests"]
        figures["mysql_cpu_ms"] = 1000 * mysql / figures["requests"]
        return figures

    def check_settled(self, first_match: int, answered: int) -> None:
        """Every answered request settled a match of its own."""
        with self.database.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT COUNT(*) FROM matches WHERE id >= %s AND status = 'finished'", (first_match,))
            (settled,) = cursor.fetchone()
        if not answered <= settled <= answered + CONNECTIONS:
            raise RuntimeError(f"{answered} answers, {settled} settled matches")

    def run_limit(self) -> dict[str, float]:
        """The same statements from two processes of C-driver clients."""
        template = self.sent_by_a_settlement()
        clients = []
        for _ in range(2):
            task = {
                "port": self.database.port,
                "database": NAME,
                "template": template,
                "jobs": self.open_matches(self.seconds * MATCHES_PER_SECOND),
                "seconds": self.seconds,
            }
            file = tempfile.NamedTemporaryFile("w+", suffix=".json")  # noqa: SIM115
            json.dump(task, file)
            file.seek(0)
            clients.append(file)
        mysql, own = cpu_seconds(self.database.pid), os.times()
        command = [sys.executable, "-m", "benchmarks.driver_limit"]
        processes = [
            subprocess.Popen(command, cwd=ROOT, stdin=file, stdout=subprocess.PIPE, text=True) for file in clients
        ]
        answers = [json.loads(process.communicate()[0]) for process in processes]
        mysql, after = cpu_seconds(self.database.pid) - mysql, os.times()
        client_cpu = after.children_user + after.children_system - own.children_user - own.children_system
        latencies = sorted(latency for answer in answers for latency in answer["latencies_ms"])
        count = len(latencies)
        return {
            "requests": count,
            "seconds": max(answer["seconds"] for answer in answers),
            "per_second": count / max(answer["seconds"] for answer in answers),
            **{f"p{p}_ms": latencies[count * p // 100] for p in (50, 95, 99)},
            "api_cpu_ms": 1000 * client_cpu / count,
            "mysql_cpu_ms": 1000 * mysql / count,
        }

    def sent_by_a_settlement(self) -> str:
        """What one settlement sends, from the server's own log, with @match@ and @user@ for its keys."""
        user = PLAYERS  # a number of its own in the text: 2000
        ((match, _),) = self.open_matches(1)
        with self.database.connect() as connection, connection.cursor() as cursor:
            cursor.execute("UPDATE matches SET user_id = %s WHERE id = %s", (user, match))
            driver, arguments = SERVERS["laurel, mysqlclient"]
            with serving(arguments, self.database.uri(driver)):
                cursor.execute("SET GLOBAL log_output = 'TABLE'")
                cursor.execute("TRUNCATE mysql.general_log")
                cursor.execute("SET GLOBAL general_log = ON")
                post_finish(self.tokens[user], match)
                cursor.execute("SET GLOBAL general_log = OFF")
            cursor.execute("SELECT thread_id FROM mysql.general_log WHERE argument LIKE %s", (f"%{match}%",))
            thread = cursor.fetchone()[0]
            cursor.execute(
                "SELECT argument FROM mysql.general_log WHERE thread_id = %s AND command_type = 'Query'"
                " AND argument NOT LIKE 'SET %%' ORDER BY event_time",
                (thread,),
            )
            statements = [bytes(text).decode("latin-1").rstrip("; ") for (text,) in cursor.fetchall()]
        text = "; ".join(statements)
        return "BEGIN; " + text.replace(str(match), "@match@").replace(str(user), "@user@")


def post_finish(token: str, match: int) -> None:
    result = {"isWin": True, "score": 12450, "durationSeconds": 410, "waveReached": 12}
    request = urllib.request.Request(
        f"http://127.0.0.1:{API_PORT}/match/finish",
        data=json.dumps({"matchId": match, "result": result}).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        answer.read()


@contextmanager
def serving(arguments: list[str], uri: str) -> Iterator[int]:
    """A server process in its own session, until the end of the block."""
    environment = {
        **os.environ, "SQLALCHEMY_DATABASE_URI": uri, "JWT_SECRET_KEY": KEY, "PORT": str(API_PORT),
    }  # fmt: skip
    with tempfile.NamedTemporaryFile("w+b") as log:
        process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            wait_until_it_listens(process, Path(log.name))
            yield process.pid
        finally:
            process.terminate()
            process.wait()


def wait_until_it_listens(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{API_PORT}/healthz", timeout=1)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"the server did not start:\n{log.read_text()}")


def report(rounds: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    """Medians of each variant, and every rate as a ratio to the limit's and to the baseline's."""
    medians = {
        name: {figure: statistics.median(run[figure] for run in runs) for figure in runs[0] if figure != "errors"}
        for name, runs in rounds.items()
    }
    for figures in medians.values():
        for other in (LIMIT, BASELINE):
            figures[f"to_{other}"] = figures["per_second"] / medians[other]["per_second"]
    columns = ("per_second", "p50_ms", "p95_ms", "p99_ms", "api_cpu_ms", "mysql_cpu_ms", "to_limit", "to_baseline")
    titles = ("req/s", "p50 ms", "p95 ms", "p99 ms", "API ms", "MySQL ms", "/limit", "/baseline")
    print("\n" + " " * 20 + "".join(f"{title:>11}" for title in titles))
    for name, figures in medians.items():
        print(f"{name:20}" + "".join(f"{figures[column]:11.2f}" for column in columns))
    print("API ms, MySQL ms: CPU time a request.")
    return medians


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=10, help="of each measured run (default 10)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each variant (default 3)")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is needed: sudo apt-get install wrk")
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in (LIMIT, *SERVERS)}
    with running_database(DATABASE_PORT) as database:
        bench = Bench(database, options.seconds)
        runs: dict[str, Callable[[], dict[str, float]]] = {LIMIT: bench.run_limit}
        runs |= {name: lambda name=name: bench.run_server(name) for name in SERVERS}  # type: ignore[misc]
        for number in range(1, options.rounds + 1):
            for name, run in runs.items():
                rounds[name].append(run())
                print(f"round {number}: {name:22}{rounds[name][-1]['per_second']:8.0f} req/s", flush=True)
    medians = report(rounds)
    file = ROOT / "benchmarks" / "results" / f"settlement-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({"medians": medians, "rounds": rounds}, indent=1) + "\n")
    print(f"saved as {file.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
