"""What the decorators refuse and what any operation can meet, at every door: provoked, not only promised.

Errors of the operations themselves are provoked by the tests of their domains; at the end of a whole run
`tests/conftest.py` names the documented ones that no test has met.
"""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.extensions import db
from app.middleware.auth_jwt import issue_refresh_token
from app.openapi import Operation, document_of, operations_of
from app.transaction import Transaction
from config import Config
from tests.support.contract import CheckedClient, routes_alone
from tests.support.players import Player, new_player

OPERATIONS = {operation.id: operation for operation in operations_of(routes_alone())}
DOCUMENT = document_of(routes_alone())
Send = Callable[..., Any]


def with_error(code: str) -> Any:
    """Run a test for every operation that documents the code."""
    names = [name for name, op in OPERATIONS.items() if any(e.code == code for es in op.errors.values() for e in es)]
    return pytest.mark.parametrize("name", names)


def example_request(operation: Operation) -> dict[str, Any]:
    """A request as the document shows it."""
    described = DOCUMENT["paths"][operation.path][operation.method.lower()]
    path = operation.path
    for name, schema in operation.path_parameters.items():
        path = path.replace("{" + name + "}", str(schema.get("examples", [1])[0]))
    request: dict[str, Any] = {"path": path, "method": operation.method}
    required = {p["name"]: p["example"] for p in described["parameters"] if p.get("in") == "query" and p["required"]}
    request["query_string"] = required
    if "requestBody" in described:
        request["json"] = described["requestBody"]["content"]["application/json"]["example"]
    return request


@pytest.fixture
def send(app: Flask, client: FlaskClient, admin: Player) -> Send:
    """Send an operation's example, as an admin unless `headers` say otherwise; None takes a part of it away."""

    def run(name: str, client: FlaskClient = client, **changes: Any) -> Any:
        request = {**example_request(OPERATIONS[name]), "headers": headers_for(app, name, admin), **changes}
        answer = client.open(**{part: value for part, value in request.items() if value is not None})
        return answer.status_code, answer.get_json()["error"]["code"]

    return run


def headers_for(app: Flask, name: str, who: Player) -> dict[str, str]:
    if OPERATIONS[name].declaration.security != "refreshToken":
        return who.headers
    with app.app_context():
        token = issue_refresh_token(who.id, family="00" * 16, generation=0, ttl=timedelta(hours=1))
    return {"Authorization": f"Bearer {token}"}


@with_error("UNAUTHORIZED")
def test_without_a_token(send: Send, name: str) -> None:
    if OPERATIONS[name].declaration.security is not None:
        assert send(name, headers={}) == (401, "UNAUTHORIZED")


@with_error("FORBIDDEN")
def test_without_a_role(app: Flask, send: Send, name: str) -> None:
    if OPERATIONS[name].declaration.security is not None:
        assert send(name, headers=new_player(app, roles=[]).headers) == (403, "FORBIDDEN")


@with_error("VALIDATION_ERROR")
def test_with_a_bad_shape(send: Send, name: str) -> None:
    declared = OPERATIONS[name].declaration
    if declared.body is not None:
        assert send(name, json=["not", "an", "object"]) == (400, "VALIDATION_ERROR")
    if declared.query is not None:
        assert send(name, query_string={"no_such_parameter": "1"}) == (400, "VALIDATION_ERROR")
    assert declared.body is not None or declared.query is not None


@with_error("UNSUPPORTED_MEDIA_TYPE")
def test_with_a_body_that_is_not_json(send: Send, name: str) -> None:
    assert send(name, json=None, data="a=b", content_type="text/plain") == (415, "UNSUPPORTED_MEDIA_TYPE")


@with_error("PAYLOAD_TOO_LARGE")
def test_with_a_body_that_is_too_large(send: Send, name: str) -> None:
    assert send(name, json=None, data=b" " * 1_000_001, content_type="application/json") == (413, "PAYLOAD_TOO_LARGE")


@with_error("NOT_FOUND")
def test_with_a_path_that_is_none(send: Send, name: str) -> None:
    path = re.sub("{[^}]*}", "~", OPERATIONS[name].path)
    assert send(name, path=path) == (404, "NOT_FOUND")


@with_error("RATE_LIMITED")
def test_too_often(
    app: Flask, config: Config, send: Send, name: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    limits = {"RATE_LIMIT_ADDRESS": "1/day", "RATE_LIMIT_SIGN_IN": "1/day"}
    monkeypatch.setitem(app.extensions, "laurel", config.model_copy(update=limits))
    address = {"REMOTE_ADDR": f"test-{name}"}
    send_bad = {"json": ["nothing"]} if OPERATIONS[name].declaration.body is not None else {}
    headers = {} if OPERATIONS[name].declaration.security is not None else None
    send(name, environ_base=address, headers=headers, **send_bad)
    assert send(name, environ_base=address) == (429, "RATE_LIMITED")


@pytest.mark.usefixtures("with_redis")
@with_error("TX_FAILED")
def test_a_fault_inside_the_transaction(send: Send, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Transaction, "execute", fault)
    monkeypatch.setattr(Transaction, "batch", fault)
    assert send(name) == (500, "TX_FAILED")


@pytest.mark.usefixtures("with_redis")
@with_error("INTERNAL_ERROR")
def test_a_fault_outside_any_transaction(send: Send, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.transaction.db", None)
    assert send(name) == (500, "INTERNAL_ERROR")


@pytest.fixture(scope="module")
def without_database(config: Config) -> Iterator[Flask]:
    app = create_app(config.model_copy(update={"SQLALCHEMY_DATABASE_URI": "mysql+pymysql://x@127.0.0.1:1/x"}))
    app.test_client_class = CheckedClient
    yield app
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


@with_error("SERVICE_UNAVAILABLE")
def test_without_the_database(without_database: Flask, send: Send, name: str) -> None:
    assert send(name, client=without_database.test_client()) == (503, "SERVICE_UNAVAILABLE")
