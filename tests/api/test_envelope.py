"""What every answer has: envelope, request id, log line."""

import json
import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.logs import configure_logging
from config import Config
from tests.support.players import Player, finish_body, open_match

AUTHORIZED_PATH = "/match/history"


def test_unknown_paths_and_methods_have_the_envelope(client: FlaskClient) -> None:
    for method, path, status, code in (
        ("GET", "/nothing", 404, "NOT_FOUND"),
        ("GET", "/api/v1/nothing", 404, "NOT_FOUND"),
        ("DELETE", "/match/finish", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/match/finish", 405, "METHOD_NOT_ALLOWED"),
    ):
        answer = client.open(path, method=method)
        assert answer.status_code == status
        body = answer.get_json()
        assert body["ok"] is False
        assert set(body["error"]) == {"code", "message", "requestId"}
        assert (body["error"]["code"], body["error"]["requestId"]) == (code, answer.headers["X-Request-Id"])


def test_a_request_id_is_made_or_taken(client: FlaskClient) -> None:
    assert re.fullmatch(r"req_[0-9a-f]{8}", client.get("/healthz").headers["X-Request-Id"])
    given = client.get("/healthz", headers={"X-Request-Id": "Trace-1.a_B"})
    assert given.headers["X-Request-Id"] == "Trace-1.a_B"


@pytest.mark.parametrize("bad", ["", "a b", "x" * 65, "é", "a/b", "<x>"])
def test_a_bad_request_id_is_replaced(client: FlaskClient, bad: str) -> None:
    answer = client.get("/healthz", headers={"X-Request-Id": bad})
    assert re.fullmatch(r"req_[0-9a-f]{8}", answer.headers["X-Request-Id"])


@pytest.fixture
def log_lines(config: Config, capsys: pytest.CaptureFixture[str]) -> Any:
    """Log in a format to the captured stdout; returns a reader of the lines so far."""

    def start(log_format: str) -> Callable[[], list[str]]:
        configure_logging(config.model_copy(update={"LOG_FORMAT": log_format}))
        return lambda: capsys.readouterr().out.splitlines()

    yield start
    with capsys.disabled():
        configure_logging(config)


def test_the_access_line_in_text(app: Flask, player: Player, log_lines: Any) -> None:
    lines = log_lines("text")
    match_id = open_match(app, player)
    lines()
    headers = {**player.headers, "X-Request-Id": "req_abc123"}
    app.test_client().post("/match/finish", json=finish_body(match_id), headers=headers)
    app.test_client().get("/a%0Ab%20c")
    first, second = lines()
    assert re.fullmatch(rf"req_abc123 user={player.id} POST /match/finish 200 \d+ms", first)
    assert re.fullmatch(r"req_[0-9a-f]{8} user=- GET /a%0Ab%20c 404 \d+ms", second)


def test_the_same_facts_in_json(app: Flask, player: Player, log_lines: Any) -> None:
    lines = log_lines("json")
    app.test_client().get(AUTHORIZED_PATH, headers={**player.headers, "X-Request-Id": "req_abc123"})
    event = json.loads(lines()[-1])
    assert event.pop("duration_ms") >= 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", event.pop("timestamp"))
    assert event == {
        "service_name": "laurel",
        "level": "info",
        "logger": "laurel.access",
        "message": "request",
        "request_id": "req_abc123",
        "user_id": player.id,
        "method": "GET",
        "path": AUTHORIZED_PATH,
        "status": 200,
    }


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_fault_is_logged_with_its_trace_and_request_but_no_secret(
    app: Flask, player: Player, log_lines: Any, monkeypatch: pytest.MonkeyPatch, log_format: str
) -> None:
    lines = log_lines(log_format)
    match_id = open_match(app, player)
    monkeypatch.setattr("app.repositories.events_repo.canonical_json", lambda _value: "not json")
    answer = app.test_client().post(
        "/match/finish", json=finish_body(match_id), headers={**player.headers, "X-Request-Id": "req_fault"}
    )
    assert answer.get_json()["error"] == {
        "code": "TX_FAILED",
        "message": "Transaction failed",
        "requestId": "req_fault",
    }
    output = "\n".join(lines())
    assert "OperationalError" in output or "DataError" in output
    assert "payload_json" in output
    assert "Traceback" in output or "exc_type" in output
    assert "req_fault" in output
    assert player.token not in output
    assert "not json" not in output


def test_third_party_loggers_share_the_format(log_lines: Any) -> None:
    lines = log_lines("json")
    logging.getLogger("somebody").warning("about %s", "that")
    assert json.loads(lines()[-1])["message"] == "about that"


def test_liveness_and_readiness_are_bare(client: FlaskClient) -> None:
    assert client.get("/healthz").get_json() == {"status": "ok"}
    assert client.get("/readyz").get_json() == {"status": "ok", "components": {"mysql": "ok"}}


def test_without_redis_it_serves_and_says_what_is_missing(
    app: Flask, client: FlaskClient, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    unreachable = config.model_copy(update={"REDIS_URL": "redis://127.0.0.1:1/0"})
    monkeypatch.setitem(app.extensions, "laurel", unreachable)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "degraded")
    assert answer.get_json()["components"] == {"mysql": "ok", "redis": "Not reachable: the outbox waits"}
