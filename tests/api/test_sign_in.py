"""/api/v1/auth: passwords, lock-out, devices, refresh tokens, revocation (contract, "Accounts")."""

import statistics
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient

from app.middleware import revocations
from app.middleware.auth_jwt import issue_access_token, issue_refresh_token
from app.services import auth_service, user_service
from tests.support.players import Player, at_once, new_player, unique_name

Sql = Callable[..., list[Any]]
Clock = Any  # what time_machine.travel gives
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def always_polled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Revocations count at once, not within seconds."""
    monkeypatch.setattr(revocations, "POLL_SECONDS", 0.0)


@pytest.fixture
def name(app: Flask) -> str:
    """A user with the password PASSWORD."""
    username = unique_name()
    with app.app_context():
        user_service.create_user(username=username, email=f"{username}@example.com", password=PASSWORD)
    return username


@pytest.fixture
def clock() -> Iterator[Clock]:
    with time_machine.travel(time.time(), tick=True) as coordinates:
        yield coordinates


def log_in(client: FlaskClient, username: str, password: str = PASSWORD, address: str = "203.0.113.1") -> Any:
    body = {"username": username, "password": password}
    return client.post("/api/v1/auth/login", json=body, environ_overrides={"REMOTE_ADDR": address})


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def me(client: FlaskClient, access_token: str) -> int:
    return client.get("/api/v1/users/me", headers=bearer(access_token)).status_code


def refresh(client: FlaskClient, token: str) -> Any:
    return client.post("/api/v1/auth/refresh", headers=bearer(token))


def test_signing_in_by_username_or_email_in_any_case(client: FlaskClient, name: str) -> None:
    for body in (
        {"username": name.upper()},
        {"email": f"{name}@EXAMPLE.com"},
        {"username": f"{name}@example.com"},
    ):
        data = client.post("/api/v1/auth/login", json={**body, "password": PASSWORD}).get_json()["data"]
        assert set(data) == {"access_token", "refresh_token", "token_type", "expires_in"}
        assert (data["token_type"], data["expires_in"]) == ("Bearer", 900)
        assert me(client, data["access_token"]) == 200


@pytest.mark.parametrize("body", [{}, {"username": "a", "email": "b@c.d", "password": "x"}, {"password": "x"}])
def test_a_login_without_one_name_and_a_password_is_400(client: FlaskClient, body: dict[str, str]) -> None:
    assert client.post("/api/v1/auth/login", json=body).status_code == 400


def test_an_unknown_name_and_a_wrong_password_get_the_same_answer(client: FlaskClient, name: str) -> None:
    answers = [log_in(client, name, "wrong"), log_in(client, unique_name(), "wrong")]
    errors = [(answer.status_code, {**answer.get_json()["error"], "requestId": None}) for answer in answers]
    assert errors[0] == errors[1]
    assert (errors[0][0], errors[0][1]["code"]) == (401, "UNAUTHORIZED")


def test_an_account_without_a_password_has_none_that_fits(client: FlaskClient, player: Player) -> None:
    assert log_in(client, player.username, "nobody has this one").status_code == 401


def test_the_time_of_a_refusal_does_not_tell_whether_the_name_exists(client: FlaskClient, app: Flask) -> None:
    """Measured in CPU time, which the machine's other work does not disturb."""
    known, unknown = [], []
    log_in(client, unique_name(), "warm up")
    for number in range(24):
        username = unique_name()
        if number % 2:
            with app.app_context():
                user_service.create_user(username=username, password=PASSWORD)
        begun = time.thread_time()
        assert log_in(client, username, "wrong").status_code == 401
        (known if number % 2 else unknown).append(time.thread_time() - begun)
    ratio = statistics.median(known) / statistics.median(unknown)
    assert 0.7 < ratio < 1.4, (known, unknown)


def test_the_sixth_attempt_is_locked_out_even_with_the_right_password(
    client: FlaskClient, name: str, clock: Clock
) -> None:
    assert [log_in(client, name, "wrong").status_code for _ in range(5)] == [401] * 5
    locked = log_in(client, name)
    assert (locked.status_code, locked.get_json()["error"]["code"]) == (429, "RATE_LIMITED")
    assert 0 < int(locked.headers["Retry-After"]) <= 900
    assert (
        client.post(
            "/api/v1/auth/login",
            json={"email": f"{name}@example.com", "password": PASSWORD},
            environ_overrides={"REMOTE_ADDR": "203.0.113.1"},
        ).status_code
        == 429
    )
    assert log_in(client, name, address="203.0.113.2").status_code == 200
    clock.shift(timedelta(minutes=15, seconds=1))
    assert log_in(client, name).status_code == 200


def test_a_lock_lasts_a_quarter_of_an_hour_from_the_fifth_failure(client: FlaskClient, name: str, clock: Clock) -> None:
    assert [log_in(client, name, "wrong").status_code for _ in range(4)] == [401] * 4
    clock.shift(timedelta(minutes=14))
    assert [log_in(client, name, "wrong").status_code for _ in range(2)] == [401, 429]
    clock.shift(timedelta(minutes=14))
    assert log_in(client, name).status_code == 429
    clock.shift(timedelta(minutes=1, seconds=1))
    assert [log_in(client, name, "wrong").status_code for _ in range(4)] == [401] * 4
    assert log_in(client, name).status_code == 200


def test_four_failures_a_quarter_of_an_hour_lock_nothing(client: FlaskClient, name: str, clock: Clock) -> None:
    for _ in range(3):
        assert [log_in(client, name, "wrong").status_code for _ in range(4)] == [401] * 4
        clock.shift(timedelta(minutes=15, seconds=1))


def test_spaces_behind_a_name_do_not_tell_whether_it_exists(client: FlaskClient, name: str) -> None:
    for username in (name, unique_name()):
        spelled = [username + " " * spaces for spaces in range(7)]
        assert [log_in(client, spelling, "wrong").status_code for spelling in spelled] == [401] * 5 + [429] * 2


def test_an_old_hash_is_replaced_when_its_password_is_given(client: FlaskClient, name: str, sql: Sql) -> None:
    ((user_id,),) = sql("SELECT id FROM users WHERE username = :name", name=name)
    weaker = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    sql("UPDATE user_passwords SET password_hash = :hash WHERE user_id = :id", hash=weaker, id=user_id)
    assert log_in(client, name, "wrong").status_code == 401
    assert log_in(client, name).status_code == 200
    ((stored,),) = sql("SELECT password_hash FROM user_passwords WHERE user_id = :id", id=user_id)
    assert "m=19456,t=2,p=1" in stored
    assert log_in(client, name).status_code == 200


def test_an_unknown_name_is_locked_out_too(client: FlaskClient) -> None:
    username = unique_name()
    assert [log_in(client, username, "wrong").status_code for _ in range(6)] == [401] * 5 + [429]


def test_the_right_password_forgets_earlier_failures(client: FlaskClient, name: str) -> None:
    for _ in range(3):
        assert [log_in(client, name, "wrong").status_code for _ in range(4)] == [401] * 4
        assert log_in(client, name).status_code == 200


def test_guesses_at_the_same_moment_are_counted_too(app: Flask, name: str) -> None:
    client = app.test_client()
    answers = at_once(app, [lambda: log_in(app.test_client(), name, "wrong").status_code] * 12)
    assert answers.count(401) == 5
    assert answers.count(429) == 7
    assert log_in(client, name).status_code == 429


def test_a_device_gets_one_account_whose_it_stays(client: FlaskClient, app: Flask, sql: Sql) -> None:
    device = f"device-{unique_name()}"
    users_before = sql("SELECT COUNT(*) FROM users")[0][0]
    sessions = at_once(app, [lambda: auth_service.log_in_device(device_id=device)] * 8)
    assert len({session.user_id for session in sessions}) == 1
    assert sql("SELECT COUNT(*) FROM users")[0][0] == users_before + 1
    data = client.post("/api/v1/auth/device", json={"device_id": device}).get_json()["data"]
    user = client.get("/api/v1/users/me", headers=bearer(data["access_token"])).get_json()["data"]
    assert (user["id"], user["email"], user["roles"]) == (sessions[0].user_id, None, ["player"])


@pytest.mark.parametrize("device_id", ["", "x" * 129, "a b", 7, None])
def test_an_impossible_device_id_is_400(client: FlaskClient, device_id: object) -> None:
    assert client.post("/api/v1/auth/device", json={"device_id": device_id}).status_code == 400


def test_a_device_of_an_erased_account_opens_nothing(client: FlaskClient, app: Flask, sql: Sql) -> None:
    """As it looks to a login that found the device just before the erasure."""
    device = f"device-{unique_name()}"
    with app.app_context():
        user_id = auth_service.log_in_device(device_id=device).user_id
    sql("UPDATE users SET status = 'erased' WHERE id = :id", id=user_id)
    assert client.post("/api/v1/auth/device", json={"device_id": device}).status_code == 401


def test_a_device_account_can_be_linked_to_a_name_once(client: FlaskClient) -> None:
    device, name = f"device-{unique_name()}", unique_name()
    link = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
    token = client.post("/api/v1/auth/device", json={"device_id": device}).get_json()["data"]["access_token"]
    linked = client.post("/api/v1/users/me/link", json=link, headers=bearer(token))
    assert linked.status_code == 200
    assert (linked.get_json()["data"]["username"], linked.get_json()["data"]["display_name"]) == (name, name)
    again = client.post("/api/v1/users/me/link", json={**link, "username": unique_name()}, headers=bearer(token))
    assert (again.status_code, again.get_json()["error"]["code"]) == (409, "CONFLICT")
    by_name = log_in(client, name).get_json()["data"]["access_token"]
    by_device = client.post("/api/v1/auth/device", json={"device_id": device}).get_json()["data"]["access_token"]
    ids = {client.get("/api/v1/users/me", headers=bearer(t)).get_json()["data"]["id"] for t in (by_name, by_device)}
    assert ids == {linked.get_json()["data"]["id"]}


def test_linking_to_a_taken_name_changes_nothing(client: FlaskClient, name: str) -> None:
    device = f"device-{unique_name()}"
    token = client.post("/api/v1/auth/device", json={"device_id": device}).get_json()["data"]["access_token"]
    before = client.get("/api/v1/users/me", headers=bearer(token)).get_json()
    link = {"username": name, "email": "fresh@example.com", "password": PASSWORD}
    answer = client.post("/api/v1/users/me/link", json=link, headers=bearer(token))
    assert (answer.status_code, answer.get_json()["error"]["details"]) == (409, {"username": "taken"})
    assert client.get("/api/v1/users/me", headers=bearer(token)).get_json() == before


def test_an_account_that_was_not_made_for_a_device_cannot_be_linked(client: FlaskClient, player: Player) -> None:
    link = {"username": unique_name(), "email": f"{unique_name()}@example.com", "password": PASSWORD}
    assert client.post("/api/v1/users/me/link", json=link, headers=player.headers).status_code == 409


def test_a_refresh_token_is_exchanged_once(client: FlaskClient, name: str) -> None:
    first = log_in(client, name).get_json()["data"]
    second = refresh(client, first["refresh_token"]).get_json()["data"]
    third = refresh(client, second["refresh_token"]).get_json()["data"]
    assert len({pair["refresh_token"] for pair in (first, second, third)}) == 3
    assert me(client, third["access_token"]) == 200


def test_a_stolen_refresh_token_used_after_its_rotation_revokes_the_family(client: FlaskClient, name: str) -> None:
    first = log_in(client, name).get_json()["data"]
    other_family = log_in(client, name).get_json()["data"]
    second = refresh(client, first["refresh_token"]).get_json()["data"]
    stolen = refresh(client, first["refresh_token"])
    assert (stolen.status_code, stolen.get_json()["error"]["code"]) == (401, "UNAUTHORIZED")
    assert refresh(client, second["refresh_token"]).status_code == 401
    assert me(client, second["access_token"]) == 401
    assert me(client, first["access_token"]) == 401
    assert me(client, other_family["access_token"]) == 200
    assert refresh(client, other_family["refresh_token"]).status_code == 200


def test_of_two_exchanges_at_once_one_wins_and_the_family_ends(app: Flask, name: str) -> None:
    pair = log_in(app.test_client(), name).get_json()["data"]
    statuses = at_once(app, [lambda: refresh(app.test_client(), pair["refresh_token"]).status_code] * 4)
    assert sorted(statuses) == [200, 401, 401, 401]


def test_logging_out_ends_the_family_and_may_be_repeated(client: FlaskClient, name: str) -> None:
    pair = log_in(client, name).get_json()["data"]
    for _ in range(2):
        answer = client.post("/api/v1/auth/logout", headers=bearer(pair["refresh_token"]))
        assert (answer.status_code, answer.get_json()["data"]) == (200, {"logged_out": True})
    assert refresh(client, pair["refresh_token"]).status_code == 401
    assert me(client, pair["access_token"]) == 401


def test_refresh_tokens_expire(client: FlaskClient, name: str, clock: Clock) -> None:
    pair = log_in(client, name).get_json()["data"]
    clock.shift(timedelta(days=30, seconds=1))
    assert refresh(client, pair["refresh_token"]).status_code == 401


def test_a_token_of_the_other_kind_or_of_nobody_is_401(app: Flask, client: FlaskClient, name: str) -> None:
    pair = log_in(client, name).get_json()["data"]
    assert refresh(client, pair["access_token"]).status_code == 401
    assert me(client, pair["refresh_token"]) == 401
    with app.app_context():
        strangers = [
            issue_refresh_token(1, family="00" * 16, generation=1, ttl=timedelta(hours=1)),
            issue_refresh_token(2**62, family="zz", generation=1, ttl=timedelta(hours=1)),
        ]
    assert [refresh(client, token).status_code for token in strangers] == [401, 401]


def test_a_banned_user_is_out_and_comes_back_when_the_ban_ends(
    app: Flask, client: FlaskClient, admin: Player, name: str
) -> None:
    pair = log_in(client, name).get_json()["data"]
    user_id = client.get("/api/v1/users/me", headers=bearer(pair["access_token"])).get_json()["data"]["id"]
    url = f"/api/v1/admin/users/{user_id}"
    client.patch(url, json={"status": "banned"}, headers=admin.headers)
    assert me(client, pair["access_token"]) == 401
    assert refresh(client, pair["refresh_token"]).status_code == 401
    refused = log_in(client, name)
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (403, "FORBIDDEN")
    assert log_in(client, name, "wrong").status_code == 401
    client.patch(url, json={"status": "active"}, headers=admin.headers)
    assert me(client, pair["access_token"]) == 401
    assert me(client, log_in(client, name).get_json()["data"]["access_token"]) == 200


def test_a_login_that_overlaps_a_ban_does_not_outlive_it(
    app: Flask, client: FlaskClient, admin: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the order of the two, nothing opens the account once the ban is answered."""
    for round_number in range(6):
        username = unique_name()
        with app.app_context():
            user_id = user_service.create_user(username=username, password=PASSWORD)

        def sign_in(username: str = username) -> Any:
            return log_in(app.test_client(), username).get_json().get("data")

        def ban(user_id: int = user_id, pause: float = 0.005 * round_number) -> None:
            time.sleep(pause)
            user_service.change_account(user_id, roles=None, status="banned", actor_id=admin.id, request_id="test")

        for pair in at_once(app, [sign_in, ban, sign_in]):
            if pair:
                assert refresh(client, pair["refresh_token"]).status_code == 401
                assert me(client, pair["access_token"]) == 401


def test_a_refresh_token_of_a_banned_account_is_worth_nothing(
    app: Flask, client: FlaskClient, name: str, sql: Sql
) -> None:
    pair = log_in(client, name).get_json()["data"]
    sql("UPDATE users SET status = 'banned' WHERE username = :name", name=name)
    assert refresh(client, pair["refresh_token"]).status_code == 401


def test_new_roles_reach_the_user_by_the_next_refresh(client: FlaskClient, admin: Player, name: str) -> None:
    pair = log_in(client, name).get_json()["data"]
    user_id = client.get("/api/v1/users/me", headers=bearer(pair["access_token"])).get_json()["data"]["id"]
    client.patch(f"/api/v1/admin/users/{user_id}", json={"roles": ["support"]}, headers=admin.headers)
    assert me(client, pair["access_token"]) == 401
    token = refresh(client, pair["refresh_token"]).get_json()["data"]["access_token"]
    assert client.get("/api/v1/admin/users", headers=bearer(token)).status_code == 200
    assert client.get("/match/history", headers=bearer(token)).status_code == 403


def test_a_token_of_the_shell_is_revoked_like_any_other(
    app: Flask, client: FlaskClient, admin: Player, player: Player
) -> None:
    client.patch(f"/api/v1/admin/users/{player.id}", json={"status": "banned"}, headers=admin.headers)
    assert me(client, player.token) == 401
    with app.app_context():
        old = issue_access_token(player.id, ["admin"], timedelta(days=1))
    assert me(client, old) == 401


def test_what_is_known_is_not_asked_again_within_seconds(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    polls: list[int] = []
    real = revocations.revocation_service.list_revocations
    monkeypatch.setattr(
        revocations.revocation_service,
        "list_revocations",
        lambda *, after_id: polls.append(after_id) or real(after_id=after_id),
    )
    monkeypatch.setattr(revocations, "POLL_SECONDS", 2.0)
    monkeypatch.setitem(app.extensions, "laurel.revocations", revocations.KnownRevocations())
    user = new_player(app)
    assert [me(client, user.token) for _ in range(20)] == [200] * 20
    assert len(polls) == 1


def test_a_revocation_that_commits_late_is_still_seen(app: Flask, sql: Sql) -> None:
    """Its id is lower than one that is already known."""
    known = revocations.KnownRevocations()
    late, early = new_player(app), new_player(app)
    insert = (
        "INSERT INTO token_revocations (id, user_id, token_version, revoked_at, expires_at)"
        " VALUES (:id, :user_id, 1, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) + INTERVAL 1 DAY)"
    )
    ((highest,),) = sql("SELECT COALESCE(MAX(id), 0) FROM token_revocations")
    with app.app_context():
        sql(insert, id=highest + 2, user_id=early.id)
        assert known.is_revoked(user_id=early.id, token_version=0, family=None)
        sql(insert, id=highest + 1, user_id=late.id)
        assert known.is_revoked(user_id=late.id, token_version=0, family=None)
        assert not known.is_revoked(user_id=late.id, token_version=1, family=None)
