"""What answers say to browsers and proxies."""

import gzip
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from app import create_app
from app.extensions import db
from config import Config
from tests.support.players import Player, finish_body, open_match

ZIPPED = {"Accept-Encoding": "gzip"}


@pytest.fixture
def variant(config: Config) -> Iterator[Any]:
    """The application with other settings."""
    made: list[Flask] = []

    def make(**values: object) -> Flask:
        made.append(create_app(config.model_copy(update=values)))
        return made[-1]

    yield make
    for app in made:
        with app.app_context():
            for engine in db.engines.values():
                engine.dispose()


def test_every_answer_is_safe_in_a_browser(client: FlaskClient, player: Player) -> None:
    for path, status in (("/match/history", 200), ("/nothing", 404), ("/match/1", 404), ("/healthz", 200)):
        answer = client.get(path, headers=player.headers)
        assert answer.status_code == status
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Strict-Transport-Security" not in answer.headers


def test_only_behind_tls_a_browser_is_told_to_stay_there(client: FlaskClient) -> None:
    assert "Strict-Transport-Security" in client.get("/healthz", base_url="https://localhost").headers


def test_an_answer_with_a_version_may_be_kept_but_is_asked_for(client: FlaskClient) -> None:
    assert client.get("/openapi.json").headers["Cache-Control"] == "private, no-cache"


def test_long_answers_are_zipped_for_whoever_takes_it(client: FlaskClient) -> None:
    plain = client.get("/openapi.json")
    zipped = client.get("/openapi.json", headers=ZIPPED)
    assert (plain.headers.get("Content-Encoding"), zipped.headers["Content-Encoding"]) == (None, "gzip")
    assert gzip.decompress(zipped.data) == plain.data
    assert plain.headers["Vary"] == zipped.headers["Vary"] == "Accept-Encoding"


def test_a_zipped_answer_is_not_sent_again(client: FlaskClient) -> None:
    version = client.get("/openapi.json", headers=ZIPPED).headers["ETag"]
    again = client.get("/openapi.json", headers={**ZIPPED, "If-None-Match": version})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", version)


def test_short_answers_are_sent_as_they_are(app: Flask, client: FlaskClient, player: Player) -> None:
    body = finish_body(open_match(app, player))
    answer = client.post("/match/finish", json=body, headers={**player.headers, **ZIPPED})
    assert "Content-Encoding" not in answer.headers
    assert "Vary" not in answer.headers


def test_other_origins_are_let_in_only_when_named(client: FlaskClient, variant: Any) -> None:
    origin = {"Origin": "https://play.example.com"}
    assert "Access-Control-Allow-Origin" not in client.get("/healthz", headers=origin).headers
    open_client = variant(CORS_ORIGINS="https://play.example.com").test_client()
    allowed = open_client.get("/healthz", headers=origin)
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://play.example.com"
    assert "Access-Control-Allow-Credentials" not in allowed.headers
    preflight = open_client.options(
        "/match/finish",
        headers={
            **origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, content-type",
        },
    )
    assert preflight.headers["Access-Control-Allow-Headers"].lower() == "authorization, content-type"
    other = open_client.get("/healthz", headers={"Origin": "https://play.example.com.evil.com"})
    assert "Access-Control-Allow-Origin" not in other.headers


@pytest.mark.parametrize(("proxies", "address"), [(0, "10.0.0.9"), (1, "203.0.113.7"), (2, "198.51.100.1")])
def test_a_forwarded_address_counts_only_from_trusted_proxies(variant: Any, proxies: int, address: str) -> None:
    app = variant(TRUSTED_PROXIES=proxies)
    seen = []
    app.before_request(lambda: seen.append((request.remote_addr, request.is_secure)))
    app.test_client().get(
        "/healthz",
        headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.7", "X-Forwarded-Proto": "https"},
        environ_base={"REMOTE_ADDR": "10.0.0.9"},
    )
    assert seen[0][0] == address
