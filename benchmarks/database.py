"""The database of a benchmark: MySQL 9.7 at full durability, and matches to settle."""

import contextlib
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pymysql

from config import ROOT

SCRIPT = str(ROOT / "scripts" / "mysql-lts")
NAME = "laurel_bench"
PLAYERS = 2_000
ROWS_AT_ONCE = 5_000


@dataclass(frozen=True)
class Database:
    """A running server with an empty database."""

    port: int
    pid: int

    def uri(self, driver: str) -> str:
        return f"mysql+{driver}://root@127.0.0.1:{self.port}/{NAME}"

    def connect(self) -> pymysql.Connection:  # type: ignore[type-arg]
        return pymysql.connect(host="127.0.0.1", port=self.port, user="root", database=NAME, autocommit=True)

    def make_players(self) -> None:
        """Users 1..PLAYERS with progress at the start."""
        with self.connect() as connection, connection.cursor() as cursor:
            users = [(i, f"bench{i}", f"bench{i}", f"bench{i}") for i in range(1, PLAYERS + 1)]
            cursor.executemany(
                "INSERT INTO users (id, username, username_key, display_name, roles, created_at)"
                " VALUES (%s, %s, %s, %s, 'player', NOW(3))",
                users,
            )
            cursor.execute("INSERT INTO player_progress (user_id, updated_at) SELECT id, NOW(3) FROM users")

    def open_matches(self, first_id: int, count: int) -> list[tuple[int, int]]:
        """`count` open matches from `first_id` on, spread over the players; returns (match id, user id)."""
        matches = [(first_id + i, 1 + i % PLAYERS) for i in range(count)]
        with self.connect() as connection, connection.cursor() as cursor:
            connection.begin()
            for start in range(0, count, ROWS_AT_ONCE):
                cursor.executemany(
                    "INSERT INTO matches (id, user_id, started_at) VALUES (%s, %s, NOW(3) - INTERVAL 1 HOUR)",
                    matches[start : start + ROWS_AT_ONCE],
                )
            connection.commit()
        return matches


@contextlib.contextmanager
def running_database(port: int) -> Iterator[Database]:
    """MySQL 9.7 with every commit on the disk (`sync_binlog=1`, `innodb_flush_log_at_trx_commit=1`)."""
    with tempfile.TemporaryDirectory(prefix="laurel-bench-") as folder:
        options = ["--innodb-buffer-pool-size=2G", "--innodb-redo-log-capacity=1G"]
        subprocess.run([SCRIPT, "start", folder, str(port), *options], check=True, stdout=subprocess.DEVNULL)
        try:
            with pymysql.connect(host="127.0.0.1", port=port, user="root") as connection, connection.cursor() as cursor:
                cursor.execute("SELECT @@sync_binlog, @@innodb_flush_log_at_trx_commit")
                if cursor.fetchone() != (1, 1):
                    raise RuntimeError("the server does not run at full durability")
                cursor.execute(f"CREATE DATABASE {NAME} CHARACTER SET utf8mb4")
            yield Database(port, int((Path(folder) / "server.pid").read_text()))
        finally:
            subprocess.run([SCRIPT, "stop", folder], check=False)
