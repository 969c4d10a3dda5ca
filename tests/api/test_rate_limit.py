"""Who asks too often is told when to come back; nobody waits for a Redis that is away."""

import itertools
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient

from app.embedded.redis import PrivateRedis
from app.services import rate_limit_service
from config import Config
from tests.support.players import Player, new_player

DEVICE, HISTORY = "/api/v1/auth/device", "/match/history"
Settings = Callable[..., None]
_addresses = itertools.count(1)


@pytest.fixture
def settings(app: Flask, config: Config, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(rate_limit_service, "_redis_pause_ends", 0.0)

    def change(**values: object) -> None:
        monkeypatch.setitem(app.extensions, "laurel", config.model_copy(update=values))

    return change


@pytest.fixture
def address() -> str:
    """One that no other test comes from."""
    number = next(_addresses)
    return f"10.7.{number // 250}.{number % 250}"


def sign_in(client: FlaskClient, address: str) -> Any:
    return client.post(DEVICE, json={"device_id": f"d-{address}"}, environ_base={"REMOTE_ADDR": address})


def statuses(calls: Iterator[Any]) -> list[int]:
    return [answer.status_code for answer in calls]


@contextmanager
def silent_server() -> Iterator[str]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


def test_a_user_above_the_limit_is_told_when_to_come_back(
    app: Flask, client: FlaskClient, settings: Settings, player: Player
) -> None:
    settings(RATE_LIMIT_USER="3/day")
    assert statuses(client.get(HISTORY, headers=player.headers) for _ in range(3)) == [200] * 3
    refused = client.get(HISTORY, headers=player.headers)
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (429, "RATE_LIMITED")
    assert 1 <= int(refused.headers["Retry-After"]) <= 86_400
    assert client.get(HISTORY, headers=new_player(app).headers).status_code == 200


def test_a_window_ends(client: FlaskClient, settings: Settings, player: Player) -> None:
    settings(RATE_LIMIT_USER="1/second")
    answers = [client.get(HISTORY, headers=player.headers) for _ in range(3)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    time.sleep(int(refused[-1].headers["Retry-After"]))
    assert client.get(HISTORY, headers=player.headers).status_code == 200


def test_an_address_is_limited_whatever_tokens_it_brings(client: FlaskClient, settings: Settings, address: str) -> None:
    settings(RATE_LIMIT_ADDRESS="2/day")
    bad = {"Authorization": "Bearer x"}
    answers = (client.get(HISTORY, headers=bad, environ_base={"REMOTE_ADDR": address}) for _ in range(3))
    assert statuses(answers) == [401, 401, 429]


def test_signing_in_is_limited_by_address(client: FlaskClient, settings: Settings, address: str) -> None:
    settings(RATE_LIMIT_SIGN_IN="2/day")
    assert statuses(sign_in(client, address) for _ in range(3)) == [200, 200, 429]
    assert sign_in(client, f"1{address}").status_code == 200


def test_an_ipv6_network_is_one_address(client: FlaskClient, settings: Settings) -> None:
    settings(RATE_LIMIT_SIGN_IN="1/day")
    assert statuses(sign_in(client, ip) for ip in ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1")) == [
        200,
        429,
        200,
    ]


def test_a_limit_can_be_off(client: FlaskClient, settings: Settings, address: str) -> None:
    settings(RATE_LIMIT_SIGN_IN="off")
    assert statuses(sign_in(client, address) for _ in range(5)) == [200] * 5


def test_all_processes_share_the_count_of_signing_in(
    client: FlaskClient, settings: Settings, address: str, tmp_path: Path
) -> None:
    server = PrivateRedis(tmp_path, password="p" * 20)
    server.start()
    try:
        settings(RATE_LIMIT_SIGN_IN="3/day", REDIS_URL=server.url)
        assert sign_in(client, address).status_code == 200
        with redis.Redis.from_url(server.url) as other:
            (key,) = other.keys("rate:sign_in:*")
            assert 0 < other.ttl(key) <= 86_400
            other.incr(key)  # what another process counted
        assert statuses(sign_in(client, address) for _ in range(2)) == [200, 429]
    finally:
        server.stop()


@pytest.mark.parametrize("away", ["refused", "silent"])
def test_without_redis_the_process_counts_and_nobody_waits_for_it_again(
    client: FlaskClient, settings: Settings, address: str, away: str
) -> None:
    with silent_server() as url:
        settings(RATE_LIMIT_SIGN_IN="4/day", REDIS_URL=url if away == "silent" else "redis://127.0.0.1:1/0")
        begun = time.monotonic()
        assert sign_in(client, address).status_code == 200
        assert time.monotonic() - begun < 1
        begun = time.monotonic()
        assert statuses(sign_in(client, address) for _ in range(4)) == [200, 200, 200, 429]
        assert time.monotonic() - begun < 0.4
