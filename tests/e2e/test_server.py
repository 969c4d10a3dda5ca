"""The API process under granian, on a database that comes and goes."""

import secrets
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
import requests
from flask import Flask

from app import create_app
from app.embedded.database import PrivateDatabase
from app.extensions import db
from config import Config
from tests.conftest import TEST_JWT_SECRET_KEY
from tests.support.players import Player, finish_body, new_player, open_match
from tests.support.processes import Running, finish, wait_until


@pytest.fixture
def server(app: Flask, config: Config, tmp_path: Path) -> Iterator[Running]:
    """The API on the database of this worker."""
    with Running(
        ["-m", "app.server"],
        log=tmp_path / "api.log",
        SQLALCHEMY_DATABASE_URI=config.SQLALCHEMY_DATABASE_URI,
        JWT_SECRET_KEY=TEST_JWT_SECRET_KEY,
        DATABASE_POOL_TIMEOUT="20",
    ) as running:
        running.wait_until_ready()
        yield running


def test_two_hundred_clients_lose_nothing(app: Flask, server: Running, sql: Callable[..., list[Any]]) -> None:
    players = [new_player(app) for _ in range(20)]
    matches = [(player, open_match(app, player)) for player in players for _ in range(20)]
    with ThreadPoolExecutor(200) as clients:
        answers = list(clients.map(lambda job: finish(server.url, job[0].token, finish_body(job[1])), matches * 2))
    assert {answer.status_code for answer in answers} == {200}
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == len(matches)
    for player in players:
        (row,) = sql("SELECT xp, soft_currency FROM player_progress WHERE user_id = :id", id=player.id)
        assert tuple(row) == (20 * 170, 20 * 340)


def raw_request(server: Running, request: bytes, body: Iterator[bytes]) -> bytes:
    """Send bytes as they are and return what comes back until the server is silent or closes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(request)
        try:
            for part in body:
                connection.sendall(part)
        except ConnectionError:
            pass  # the server may refuse a body that is too large before it has read all of it
        connection.settimeout(3)
        answer = b""
        try:
            while part := connection.recv(65536):
                answer += part
        except (TimeoutError, ConnectionError):
            pass
    return answer


def test_ten_megabytes_are_413_with_and_without_a_length(server: Running, player: Player) -> None:
    head = f"POST /match/finish HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {player.token}\r\n"
    head += "Content-Type: application/json\r\n"
    megabyte = b"x" * 1_000_000
    with_length = raw_request(server, (head + "Content-Length: 10000000\r\n\r\n").encode(), iter([megabyte] * 10))
    chunk = b"%x\r\n%s\r\n" % (len(megabyte), megabyte)
    chunked = raw_request(
        server, (head + "Transfer-Encoding: chunked\r\n\r\n").encode(), iter([chunk] * 10 + [b"0\r\n\r\n"])
    )
    for answer in (with_length, chunked):
        assert answer.startswith(b"HTTP/1.1 413"), answer[:200]
        assert b"PAYLOAD_TOO_LARGE" in answer
    assert requests.get(f"{server.url}/healthz", timeout=5).status_code == 200


def test_a_sigterm_lets_the_running_request_finish(
    app: Flask, server: Running, player: Player, engine: Any, sql: Callable[..., list[Any]]
) -> None:
    match_id = open_match(app, player)
    with ThreadPoolExecutor(1) as clients, engine.connect() as holder:
        holder.exec_driver_sql("BEGIN")
        holder.exec_driver_sql(f"SELECT xp FROM player_progress WHERE user_id = {player.id} FOR UPDATE")
        answer = clients.submit(finish, server.url, player.token, finish_body(match_id))
        time.sleep(0.5)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        holder.exec_driver_sql("ROLLBACK")
        assert answer.result(20).status_code == 200
    assert server.process.wait(20) == 0
    assert sql("SELECT status FROM matches WHERE id = :id", id=match_id)[0].status == "finished"


def test_an_outdated_schema_refuses_to_start(
    config: Config, empty_database: Callable[[str], str], tmp_path: Path
) -> None:
    with Running(
        ["-m", "app.server"],
        log=tmp_path / "api.log",
        SQLALCHEMY_DATABASE_URI=empty_database("outdated"),
        JWT_SECRET_KEY=TEST_JWT_SECRET_KEY,
    ) as running:
        assert running.process.wait(30) == 1
        assert "flask db upgrade" in running.output
        assert "Traceback" not in running.output


def test_the_database_goes_away_and_comes_back(tmp_path: Path) -> None:
    database = PrivateDatabase(tmp_path, password=secrets.token_urlsafe(24))
    database.start()
    try:
        config = Config.from_mapping({"SQLALCHEMY_DATABASE_URI": database.uri, "JWT_SECRET_KEY": TEST_JWT_SECRET_KEY})
        app = create_app(config)
        with app.app_context():
            flask_migrate.upgrade()
        player = new_player(app)
        matches = [open_match(app, player, age=timedelta(hours=1)) for _ in range(3)]
        with app.app_context():
            db.engine.dispose()
        with Running(
            ["-m", "app.server"],
            log=tmp_path / "api.log",
            SQLALCHEMY_DATABASE_URI=database.uri,
            JWT_SECRET_KEY=TEST_JWT_SECRET_KEY,
        ) as server:
            server.wait_until_ready()
            assert finish(server.url, player.token, finish_body(matches[0])).status_code == 200

            database.stop()
            begun = time.monotonic()
            for _ in range(8):
                answer = finish(server.url, player.token, finish_body(matches[1]))
                assert (answer.status_code, answer.json()["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")
                assert int(answer.headers["Retry-After"]) >= 1
            ready = requests.get(f"{server.url}/readyz", timeout=5)
            assert (ready.status_code, ready.json()["status"]) == (503, "unavailable")
            assert "not available" in ready.json()["components"]["mysql"]
            assert requests.get(f"{server.url}/healthz", timeout=5).status_code == 200
            assert time.monotonic() - begun < 2

            database.start()
            wait_until(lambda: requests.get(f"{server.url}/readyz", timeout=5).status_code == 200, 5)
            answers = [finish(server.url, player.token, finish_body(match)) for match in matches]
            assert [answer.status_code for answer in answers] == [200, 200, 200]
            assert [("Idempotency-Replayed" in answer.headers) for answer in answers] == [True, False, False]

            database.kill()
            database.start()
            wait_until(lambda: requests.get(f"{server.url}/readyz", timeout=5).status_code == 200, 5)
            again = finish(server.url, player.token, finish_body(matches[2]))
            assert (again.content, again.headers["Idempotency-Replayed"]) == (answers[2].content, "true")
    finally:
        database.stop()
