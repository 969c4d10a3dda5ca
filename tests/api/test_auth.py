"""No token, no entry; other people's roles neither."""

import base64
import json
import re
import time
from datetime import timedelta
from typing import Any

import jwt
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from flask_jwt_extended import create_refresh_token

from app.middleware.auth_jwt import issue_access_token
from tests.conftest import TEST_JWT_SECRET_KEY
from tests.support.players import Player, finish_body, new_player, open_match

DOORS = [
    ("POST", "/match/start"),
    ("POST", "/match/finish"),
    ("POST", "/event"),
    ("GET", "/match/1"),
    ("GET", "/match/1/explain"),
    ("GET", "/match/history"),
    ("POST", "/api/v1/event/"),
    ("GET", "/api/v1/events/user/1"),
    ("GET", "/api/v1/achievements/"),
    ("GET", "/api/v1/achievements/users/1"),
    ("GET", "/api/v1/users/me/achievements"),
    ("GET", "/api/v1/stats/1"),
    ("GET", "/api/v1/notifications"),
    ("GET", "/api/v1/notifications/unread-count"),
    ("POST", "/api/v1/notifications/1/read"),
    ("POST", "/api/v1/notifications/read-all"),
    ("GET", "/api/v1/progress/me"),
    ("GET", "/api/v1/stats/daily"),
    ("GET", "/api/v1/leaderboards/1"),
    ("GET", "/api/v1/leaderboards/1/around-me"),
    ("GET", "/api/v1/leaderboards/1/me"),
    ("GET", "/api/v1/leaderboards/1/seasons"),
    ("POST", "/api/v1/admin/leaderboards/1/seasons"),
    ("GET", "/api/v1/admin/leaderboards/1/rewards"),
    ("POST", "/api/v1/admin/matches/1/void"),
    ("POST", "/api/v1/auth/refresh"),
    ("POST", "/api/v1/auth/logout"),
    ("GET", "/api/v1/users/me"),
    ("PATCH", "/api/v1/users/me"),
    ("DELETE", "/api/v1/users/me"),
    ("GET", "/api/v1/users/me/export"),
    ("POST", "/api/v1/users/me/link"),
    ("GET", "/api/v1/users/1"),
    ("GET", "/api/v1/admin/users"),
    ("PATCH", "/api/v1/admin/users/1"),
    ("GET", "/api/v1/admin/achievement-types"),
    ("GET", "/api/v1/admin/achievement-types/1"),
    ("POST", "/api/v1/admin/achievement-types/1/recompute"),
    ("GET", "/api/v1/admin/event-types"),
    ("GET", "/api/v1/admin/event-types/1"),
    ("GET", "/api/v1/admin/reviews"),
    ("POST", "/api/v1/admin/reviews/1"),
    ("GET", "/api/v1/admin/dead-letters"),
    ("POST", "/api/v1/admin/dead-letters/1/replay"),
    ("GET", "/api/v1/characters"),
    ("POST", "/api/v1/characters"),
    ("GET", "/api/v1/characters/1"),
    ("GET", "/api/v1/characters/1/inventory"),
    ("POST", "/api/v1/characters/1/equip"),
    ("POST", "/api/v1/characters/1/unequip"),
    ("GET", "/api/v1/admin/item-templates"),
    ("POST", "/api/v1/admin/item-templates"),
    ("POST", "/api/v1/admin/characters/1/items"),
    ("POST", "/api/v1/combat/sessions"),
    ("POST", "/api/v1/combat/1/actions"),
    ("POST", "/api/v1/combat/1/finish"),
    ("GET", "/api/v1/combat/1/result"),
    ("GET", "/api/v1/combat/1/replay"),
    ("GET", "/api/v1/characters/1/combats"),
    ("POST", "/api/v1/combat/settlements"),
    ("GET", "/api/v1/admin/combat/settlements"),
    ("POST", "/api/v1/admin/combat/settlements/1/retry"),
    ("POST", "/api/v1/admin/combat/settlements/1/reject"),
    ("POST", "/api/v1/checkin"),
    ("GET", "/api/v1/checkin"),
    ("GET", "/api/v1/admin/jobs"),
    ("GET", "/api/v1/admin/jobs/1"),
    ("POST", "/api/v1/admin/jobs/1/cancel"),
    ("POST", "/api/v1/admin/jobs/1/retry"),
]
OPEN = {
    "/healthz",
    "/readyz",
    "/openapi.json",
    "/metrics",
    "/docs",
    "/docs/start.js",
    "/docs/<path:file>",
    "/api/v1/auth/login",
    "/api/v1/auth/device",
    "/api/v1/users/",
}


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    base = {"sub": "1", "roles": ["player"], "type": "access", "fresh": False, "jti": "j", "iat": now, "nbf": now}
    return {**base, "exp": now + 60, **changes}


def signed(key: str = TEST_JWT_SECRET_KEY, algorithm: str = "HS256", **changes: Any) -> str:
    return jwt.encode(claims(**changes), key, algorithm=algorithm)


def unsigned() -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "none", "typ": "JWT"}, claims(roles=["admin"]))]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


def test_every_door_asks_for_a_token(app: Flask, client: FlaskClient) -> None:
    guarded = {rule.rule for rule in app.url_map.iter_rules()} - OPEN
    assert {re.sub("<[^>]*>", "1", path) for path in guarded} == {path for _, path in DOORS}
    for method, path in DOORS:
        answer = client.open(path, method=method)
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (401, "UNAUTHORIZED"), path
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer a.b.c",
        "Basic ZGVtbzpkZW1v",
        f"Bearer {unsigned()}",
        f"Bearer {signed(key='another-key-that-is-as-long-as-ours')}",
        f"Bearer {signed(algorithm='HS384')}",
        f"Bearer {signed(exp=int(time.time()) - 1)}",
        f"Bearer {signed(nbf=int(time.time()) + 60)}",
        f"Bearer {signed(sub=1)}",
        f"Bearer {signed(sub='demo')}",
        f"Bearer {signed(sub='-1')}",
        f"Bearer {signed(sub='١')}",
        f"Bearer {signed(sub=str(2**63))}",
        f"Bearer {signed(sub='9' * 5000)}",
        f"Bearer {signed(roles='admin')}",
        f"Bearer {signed(roles=None)}",
        f"Bearer {signed(roles=[['admin']])}",
        f"Bearer {signed(type='refresh')}",
        f"Bearer {signed(type=None)}",
        f"Bearer {jwt.encode({k: v for k, v in claims().items() if k != 'exp'}, TEST_JWT_SECRET_KEY)}",
        f"Bearer {signed()} x",
    ],
)
def test_a_token_that_is_not_ours_is_401(client: FlaskClient, header: str) -> None:
    answer = client.get("/match/history", headers={"Authorization": header})
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (401, "UNAUTHORIZED")


def test_a_token_in_the_query_or_a_cookie_is_no_token(client: FlaskClient, player: Player) -> None:
    client.set_cookie("access_token_cookie", player.token)
    assert client.get(f"/match/history?jwt={player.token}").status_code == 401


def test_the_scheme_is_spelled_in_any_case(client: FlaskClient, player: Player) -> None:
    assert client.get("/match/history", headers={"Authorization": f"bearer {player.token}"}).status_code == 200


def test_a_remembered_token_expires_on_time(client: FlaskClient, player: Player) -> None:
    with time_machine.travel(0, tick=False) as clock:
        header = {"Authorization": f"Bearer {signed(sub=str(player.id))}"}
        for passed, status in ((0, 200), (59, 200), (1, 401)):
            clock.shift(passed)
            assert client.get("/match/history", headers=header).status_code == status


def test_a_refresh_token_opens_nothing(app: Flask, client: FlaskClient, player: Player) -> None:
    with app.app_context():
        token = create_refresh_token(str(player.id), additional_claims={"roles": ["player"]})
    assert client.get("/match/history", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_an_expired_token_is_401(app: Flask, client: FlaskClient, player: Player) -> None:
    with app.app_context():
        token = issue_access_token(player.id, ["player"], timedelta(seconds=-1))
    assert client.get("/match/history", headers={"Authorization": f"Bearer {token}"}).status_code == 401


ALLOWED = {
    "player": {"/match/history": 200, "/api/v1/admin/reviews": 403},
    "developer": {"/match/history": 200, "/api/v1/admin/reviews": 403},
    "publisher": {"/match/history": 200, "/api/v1/admin/reviews": 403},
    "moderator": {"/match/history": 200, "/api/v1/admin/reviews": 403},
    "support": {"/match/history": 403, "/api/v1/admin/reviews": 403},
    "system": {"/match/history": 403, "/api/v1/admin/reviews": 403},
    "admin": {"/match/history": 200, "/api/v1/admin/reviews": 200},
}


@pytest.mark.parametrize("role", ALLOWED)
def test_roles_open_their_own_doors(app: Flask, client: FlaskClient, role: str) -> None:
    user = new_player(app, [role])
    assert {path: client.get(path, headers=user.headers).status_code for path in ALLOWED[role]} == ALLOWED[role]


def test_an_admin_settles_only_his_own_matches(app: Flask, client: FlaskClient, player: Player, admin: Player) -> None:
    own, foreign = open_match(app, admin), open_match(app, player)
    assert client.post("/match/finish", json=finish_body(own), headers=admin.headers).status_code == 200
    assert client.post("/match/finish", json=finish_body(foreign), headers=admin.headers).status_code == 404


def test_authentication_comes_before_validation(client: FlaskClient) -> None:
    assert client.post("/match/finish", data=b"not json").status_code == 401
