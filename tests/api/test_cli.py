"""`flask laurel ...`"""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.cli.laurel import laurel_cli
from app.extensions import current_config
from app.services import user_service
from tests.support.players import Player, unique_name


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


def test_a_banned_account_gets_no_token(run: Any, app: Flask, player: Player, admin: Player) -> None:
    with app.app_context():
        user_service.change_account(player.id, roles=None, status="banned", actor_id=admin.id, request_id="test")
    result = run("token", "--user", player.username)
    assert result.exit_code == 1
    assert "banned" in result.output


def test_an_operator_creates_accounts_that_can_sign_in(app: Flask, client: FlaskClient) -> None:
    name = unique_name()
    command = ["user", "create", name, "--role", "admin", "--role", "support", "--password-stdin"]
    result = app.test_cli_runner().invoke(laurel_cli, command, input="correct horse\n")
    assert result.exit_code == 0, result.output
    answer = client.post("/api/v1/auth/login", json={"username": name, "password": "correct horse"})
    token = answer.get_json()["data"]["access_token"]
    assert status_with(client, token, "/api/v1/admin/users") == 200


def test_an_account_that_cannot_be_created_says_why(run: Any, app: Flask, player: Player) -> None:
    taken = run("user", "create", player.username)
    assert (taken.exit_code, "username: taken" in taken.output) == (1, True)
    assert run("user", "create", "a b").exit_code == 1
    nonsense = run("user", "create", unique_name(), "--email", "nonsense")
    assert (nonsense.exit_code, "email: " in nonsense.output) == (1, True)
    short = app.test_cli_runner().invoke(laurel_cli, ["user", "create", unique_name(), "--password-stdin"], input="x\n")
    assert short.exit_code == 1


def test_an_operator_reads_and_changes_roles(run: Any, player: Player) -> None:
    assert "(player)" in run("user", "roles", player.username).output
    assert (
        "(moderator, support)"
        in run("user", "roles", player.username, "--role", "support", "--role", "moderator").output
    )
    assert "(moderator, support)" in run("user", "roles", player.username).output
    assert run("user", "roles", "nobody_here").exit_code == 1


def test_demo_data_are_for_the_embedded_size(run: Any, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("demo").exit_code == 0
    with app.app_context():
        production = current_config().model_copy(update={"EMBEDDED": False})
    monkeypatch.setitem(app.extensions, "laurel", production)
    assert run("demo").exit_code == 1
    assert run("demo", "--force").exit_code == 0


def test_every_command_explains_itself(run: Any) -> None:
    for command in (["token"], ["demo"], ["verify"], ["user", "create"], ["user", "roles"]):
        assert run(*command, "--help").exit_code == 0
