"""`flask laurel ...`"""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.cli.laurel import laurel_cli
from app.extensions import current_config
from tests.support.players import Player


@pytest.fixture
def run(app: Flask) -> Any:
    runner = app.test_cli_runner()
    return lambda *arguments: runner.invoke(laurel_cli, list(arguments))


def status_with(client: FlaskClient, token: str, path: str) -> int:
    return client.get(path, headers={"Authorization": f"Bearer {token.strip()}"}).status_code


def test_a_token_has_the_users_own_roles(run: Any, client: FlaskClient, player: Player) -> None:
    token = run("token", "--user", player.username).output
    assert status_with(client, token, "/match/history") == 200
    assert status_with(client, token, "/api/v1/admin/reviews") == 403


def test_a_token_has_exactly_the_roles_asked_for(run: Any, client: FlaskClient, player: Player) -> None:
    token = run("token", "--user", player.username, "--role", "system", "--role", "support").output
    assert status_with(client, token, "/match/history") == 403
    assert status_with(client, token, f"/match/{2**62}") == 404


@pytest.mark.parametrize(
    "arguments", [["--user", "nobody_here"], ["--user", "demo", "--role", "king"], ["--user", "demo", "--ttl", "0"], []]
)
def test_a_bad_call_says_so(run: Any, arguments: list[str]) -> None:
    result = run("token", *arguments)
    assert result.exit_code != 0
    assert "Error" in result.output


def test_demo_data_are_for_the_embedded_size(run: Any, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("demo").exit_code == 0
    with app.app_context():
        production = current_config().model_copy(update={"EMBEDDED": False})
    monkeypatch.setitem(app.extensions, "laurel", production)
    assert run("demo").exit_code == 1
    assert run("demo", "--force").exit_code == 0


def test_every_command_explains_itself(run: Any) -> None:
    for name in ("token", "demo"):
        assert run(name, "--help").exit_code == 0
