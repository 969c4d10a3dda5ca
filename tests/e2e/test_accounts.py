"""Sign-in on the API as it is deployed: several processes, restarted in between."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask

from app.services import user_service
from config import Config
from tests.conftest import TEST_JWT_SECRET_KEY
from tests.support.players import Player, unique_name
from tests.support.processes import Running

PASSWORD = "correct horse battery"
TRUSTED_SECONDS = 5.0


@pytest.fixture
def start(app: Flask, config: Config, tmp_path: Path) -> Callable[[], Running]:
    """Start an API with two processes on the database of this worker."""

    def run() -> Running:
        return Running(
            ["-m", "app.server"],
            log=tmp_path / f"api-{unique_name()}.log",
            SQLALCHEMY_DATABASE_URI=config.SQLALCHEMY_DATABASE_URI,
            JWT_SECRET_KEY=TEST_JWT_SECRET_KEY,
            API_WORKERS="2",
        )

    return run


def new_name(app: Flask) -> str:
    username = unique_name()
    with app.app_context():
        user_service.create_user(username=username, password=PASSWORD)
    return username


def log_in(server: Running, username: str, password: str) -> requests.Response:
    body = {"username": username, "password": password}
    return requests.post(f"{server.url}/api/v1/auth/login", json=body, timeout=10)


def test_a_lock_out_survives_a_restart(app: Flask, start: Callable[[], Running]) -> None:
    username = new_name(app)
    with start() as server:
        server.wait_until_ready()
        assert [log_in(server, username, "wrong").status_code for _ in range(6)] == [401] * 5 + [429]
    with start() as server:
        server.wait_until_ready()
        locked = log_in(server, username, PASSWORD)
        assert locked.status_code == 429
        assert int(locked.headers["Retry-After"]) > 0


def test_a_ban_is_known_to_every_process_of_every_server_within_seconds(
    app: Flask, start: Callable[[], Running], admin: Player
) -> None:
    username = new_name(app)
    with start() as one, start() as other:
        for server in (one, other):
            server.wait_until_ready()
        tokens: dict[str, Any] = log_in(one, username, PASSWORD).json()["data"]
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}

        def statuses() -> set[int]:
            """Of a fresh connection each, so that every process is asked."""
            return {
                requests.get(f"{server.url}/api/v1/users/me", headers=headers, timeout=10).status_code
                for server in (one, other)
                for _ in range(12)
            }

        assert statuses() == {200}
        user_id = requests.get(f"{one.url}/api/v1/users/me", headers=headers, timeout=10).json()["data"]["id"]
        banned = requests.patch(
            f"{one.url}/api/v1/admin/users/{user_id}", json={"status": "banned"}, headers=admin.headers, timeout=10
        )
        banned_at = time.monotonic()
        assert banned.status_code == 200
        while statuses() != {401}:
            assert time.monotonic() - banned_at < TRUSTED_SECONDS
        assert log_in(other, username, PASSWORD).status_code == 403
