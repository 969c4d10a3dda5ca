"""/api/v1/users and /api/v1/admin/users: register, read, change (contract, "Accounts")."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.players import Player, new_player, unique_name

Sql = Callable[..., list[Any]]


def register(client: FlaskClient, **changes: Any) -> Any:
    name = unique_name()
    body = {"username": name, "email": f"{name}@example.com", "password": "correct horse", **changes}
    return client.post("/api/v1/users/", json={key: value for key, value in body.items() if value is not None})


def test_registration_makes_a_player_with_progress(client: FlaskClient, sql: Sql) -> None:
    name = unique_name()
    answer = client.post("/api/v1/users/", json={"username": name, "email": f"{name}@example.com"})
    data = answer.get_json()["data"]
    assert answer.status_code == 201
    assert (data["username"], data["email"], data["created_at"][-1]) == (name, f"{name}@example.com", "Z")
    (row,) = sql(
        "SELECT u.roles, u.status, p.xp FROM users u JOIN player_progress p ON p.user_id = u.id WHERE u.id = :id",
        id=data["id"],
    )
    assert (set(row.roles.split(",")) if isinstance(row.roles, str) else row.roles, row.status, row.xp) == (
        {"player"},
        "active",
        0,
    )


def test_a_taken_name_or_email_is_409_and_named(client: FlaskClient) -> None:
    first = register(client).get_json()["data"]
    by_name = register(client, username=first["username"].upper())
    by_email = register(client, email=first["email"].upper())
    for answer, field in ((by_name, "username"), (by_email, "email")):
        error = answer.get_json()["error"]
        assert (answer.status_code, error["code"], error["details"]) == (409, "USER_ALREADY_EXISTS", {field: "taken"})


def test_every_bad_field_is_named_at_once(client: FlaskClient, sql: Sql) -> None:
    before = sql("SELECT COUNT(*) FROM users")
    answer = client.post("/api/v1/users/", json={"username": "a b", "email": "nobody", "password": "short", "x": 1})
    assert answer.status_code == 400
    assert set(answer.get_json()["error"]["details"]) == {"username", "email", "password", "x"}
    assert sql("SELECT COUNT(*) FROM users") == before


@pytest.mark.parametrize(
    "change",
    [
        {"email": "ﷺ" * 100 + "@x.yz"},
        {"email": "ß" * 240 + "@x.yz"},
        {"email": "a\u3000b@x.yz"},
        {"username": "\u3164"},
    ],
)
def test_what_is_longer_or_emptier_than_it_looks_is_400(client: FlaskClient, change: dict[str, str]) -> None:
    answer = register(client, **change)
    assert (answer.status_code, set(answer.get_json()["error"]["details"])) == (400, set(change))


def test_passwords_are_kept_as_argon2_hashes_only(client: FlaskClient, sql: Sql) -> None:
    user_id = register(client, password="a very secret one").get_json()["data"]["id"]
    ((stored,),) = sql("SELECT password_hash FROM user_passwords WHERE user_id = :id", id=user_id)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_me_is_the_account_of_the_token(client: FlaskClient, player: Player) -> None:
    data = client.get("/api/v1/users/me", headers=player.headers).get_json()["data"]
    assert data.pop("created_at").endswith("Z")
    assert data == {
        "id": player.id,
        "username": player.username,
        "display_name": player.username,
        "email": f"{player.username}@example.com",
        "roles": ["player"],
        "status": "active",
        "time_zone": "UTC",
    }
    assert client.get(f"/api/v1/users/{player.id}", headers=player.headers).get_json()["data"]["id"] == player.id


@pytest.mark.parametrize(("role", "status"), [("player", 403), ("moderator", 403), ("support", 200), ("system", 200)])
def test_another_users_account_is_for_staff(
    app: Flask, client: FlaskClient, player: Player, role: str, status: int
) -> None:
    viewer = new_player(app, [role])
    assert client.get(f"/api/v1/users/{player.id}", headers=viewer.headers).status_code == status
    missing = client.get(f"/api/v1/users/{2**62}", headers=viewer.headers)
    assert missing.status_code == (404 if status == 200 else 403)


def test_a_player_changes_display_name_and_time_zone(client: FlaskClient, player: Player) -> None:
    change = {"display_name": "  Ёжик   в тумане ", "time_zone": "Pacific/Auckland"}
    data = client.patch("/api/v1/users/me", json=change, headers=player.headers).get_json()["data"]
    assert (data["display_name"], data["time_zone"]) == ("Ёжик в тумане", "Pacific/Auckland")
    assert client.patch("/api/v1/users/me", json={}, headers=player.headers).get_json()["data"] == data
    assert client.get("/api/v1/users/me", headers=player.headers).get_json()["data"] == data


@pytest.mark.parametrize(
    "change",
    [
        {"display_name": "   "},
        {"display_name": "a\u202eb"},
        {"display_name": "a\nb\x00"},
        {"display_name": "x" * 65},
        {"display_name": "\u3164"},
        {"display_name": "\u2800\u2800"},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "localtime"},
        {"time_zone": "../etc/passwd"},
        {"roles": ["admin"]},
        {"status": "active"},
        {"email": "other@example.com"},
    ],
)
def test_what_may_not_be_changed_is_400(client: FlaskClient, player: Player, change: dict[str, Any]) -> None:
    answer = client.patch("/api/v1/users/me", json=change, headers=player.headers)
    assert (answer.status_code, set(answer.get_json()["error"]["details"])) == (400, set(change))


def test_an_admin_finds_users_by_the_beginning_of_name_or_email(app: Flask, client: FlaskClient) -> None:
    support = new_player(app, ["support"])
    prefix = unique_name()
    names = [f"{prefix}_{letter}" for letter in "abc"]
    for name in names:
        register(client, username=name, email=f"{name}@Example.com")

    def page(**query: object) -> Any:
        answer = client.get("/api/v1/admin/users", query_string=query, headers=support.headers)
        assert answer.status_code == 200
        return answer.get_json()["data"]

    first = page(q=prefix.upper(), limit=2)
    second = page(q=prefix.upper(), limit=2, cursor=first["next_cursor"])
    assert [user["username"] for user in first["items"] + second["items"]] == names
    assert second["next_cursor"] is None
    assert [user["username"] for user in page(q=f"{names[1]}@example")["items"]] == [names[1]]
    wide = page(q=f"{names[1]}＠example", limit=1)
    assert ([user["username"] for user in wide["items"]], wide["next_cursor"]) == ([names[1]], None)
    assert page(q=prefix.replace("_", "%"))["items"] == []
    assert client.get("/api/v1/admin/users?cursor=%21", headers=support.headers).status_code == 400


def test_an_admin_changes_roles_and_status_and_it_is_audited(
    client: FlaskClient, admin: Player, player: Player, sql: Sql
) -> None:
    url = f"/api/v1/admin/users/{player.id}"
    data = client.patch(url, json={"roles": ["support", "player"]}, headers=admin.headers).get_json()["data"]
    assert data["roles"] == ["player", "support"]
    for _ in range(2):
        data = client.patch(url, json={"status": "banned"}, headers=admin.headers).get_json()["data"]
        assert data["status"] == "banned"
    rows = sql(
        "SELECT actor_id, details_json FROM audit_log WHERE subject_type = 'user' AND subject_id = :id ORDER BY id",
        id=str(player.id),
    )
    assert [row.actor_id for row in rows] == [admin.id] * 2
    events = sql(
        "SELECT payload_json FROM outbox WHERE event_key = :key AND event_type = 'user.status_changed'",
        key=str(player.id),
    )
    assert len(events) == 1


@pytest.mark.parametrize(
    "change", [{"roles": []}, {"roles": ["king"]}, {"status": "erased"}, {"username": "x"}, {"roles": ["player", "x"]}]
)
def test_an_impossible_change_of_an_account_is_400(
    client: FlaskClient, admin: Player, player: Player, change: dict[str, Any]
) -> None:
    assert client.patch(f"/api/v1/admin/users/{player.id}", json=change, headers=admin.headers).status_code == 400


def test_an_admin_cannot_lock_himself_out(client: FlaskClient, admin: Player) -> None:
    answer = client.patch(f"/api/v1/admin/users/{admin.id}", json={"roles": ["player"]}, headers=admin.headers)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "CONFLICT")
    assert client.get("/api/v1/users/me", headers=admin.headers).get_json()["data"]["roles"] == ["admin"]


def test_only_admins_change_accounts(app: Flask, client: FlaskClient, player: Player) -> None:
    for role, status in (("support", 403), ("player", 403)):
        user = new_player(app, [role])
        answer = client.patch(f"/api/v1/admin/users/{player.id}", json={"status": "banned"}, headers=user.headers)
        assert answer.status_code == status
    unknown = client.patch(
        f"/api/v1/admin/users/{2**62}", json={"status": "banned"}, headers=new_player(app, ["admin"]).headers
    )
    assert (unknown.status_code, unknown.get_json()["error"]["code"]) == (404, "USER_NOT_FOUND")
