"""Refusals of operations that the tests of their domains do not meet over HTTP."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.middleware.auth_jwt import issue_access_token
from app.schemas.combat import FINISH_EXAMPLE
from tests.support.players import RESULT, Player, new_player, open_match

Sql = Callable[..., list[Any]]
NOBODY = 2**62  # an id that nothing has


def outcome(answer: Any) -> tuple[int, str | None]:
    body = answer.get_json()
    return answer.status_code, None if body["ok"] else body["error"]["code"]


@pytest.fixture
def ghost(app: Flask) -> dict[str, str]:
    """A good token of an account that is not there."""
    with app.app_context():
        return {"Authorization": f"Bearer {issue_access_token(NOBODY, ['player'], timedelta(hours=1))}"}


def through_event(client: FlaskClient, who: Player, match_id: int, **result: object) -> tuple[int, str | None]:
    body = {"eventType": "match_finish", "matchId": match_id, "result": {**RESULT, **result}}
    return outcome(client.post("/event", json=body, headers=who.headers))


def test_the_other_door_to_a_settlement_refuses_the_same(
    app: Flask, client: FlaskClient, player: Player, admin: Player, sql: Sql
) -> None:
    match_id = open_match(app, player)
    assert through_event(client, player, NOBODY) == (404, "MATCH_NOT_FOUND")
    assert through_event(client, player, match_id, score=2**62) == (422, "RESULT_IMPLAUSIBLE")
    assert through_event(client, player, match_id) == (200, None)
    assert through_event(client, player, match_id, score=1) == (409, "MATCH_ALREADY_FINISHED")
    void = client.post(f"/api/v1/admin/matches/{match_id}/void", json={"reason": "test"}, headers=admin.headers)
    assert outcome(void) == (200, None)
    assert through_event(client, player, match_id) == (409, "MATCH_VOIDED")
    abandoned = open_match(app, player)
    sql("UPDATE matches SET status = 'abandoned' WHERE id = :id", id=abandoned)
    assert through_event(client, player, abandoned) == (409, "MATCH_ABANDONED")


def test_a_player_without_progress_is_paid_nothing_by_any_door(
    app: Flask, client: FlaskClient, player: Player, admin: Player, sql: Sql
) -> None:
    finished, reviewed, started = (open_match(app, player) for _ in range(3))
    assert through_event(client, player, finished) == (200, None)
    assert through_event(client, player, reviewed, score=2**62) == (422, "RESULT_IMPLAUSIBLE")
    (review,) = sql("SELECT id FROM match_reviews WHERE match_id = :id", id=reviewed)
    sql("DELETE FROM player_progress WHERE user_id = :id", id=player.id)
    gone = (404, "PROGRESS_NOT_FOUND")
    assert through_event(client, player, started) == gone
    assert outcome(client.get("/api/v1/progress/me", headers=player.headers)) == gone
    assert outcome(client.post("/api/v1/checkin", headers=player.headers)) == gone
    accept = client.post(f"/api/v1/admin/reviews/{review.id}", json={"decision": "accept"}, headers=admin.headers)
    assert outcome(accept) == gone
    void = client.post(f"/api/v1/admin/matches/{finished}/void", json={"reason": "test"}, headers=admin.headers)
    assert outcome(void) == gone


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/v1/users/me", None),
        ("PATCH", "/api/v1/users/me", {"display_name": "Ada"}),
        ("DELETE", "/api/v1/users/me", None),
        ("GET", "/api/v1/users/me/export", None),
        ("POST", "/api/v1/users/me/link", {"username": "nobody", "email": "n@example.com", "password": "x" * 12}),
        ("POST", "/match/start", {}),
        ("POST", "/event", {"eventType": "login"}),
        ("POST", "/api/v1/event/", {"event_type": "login"}),
        ("POST", "/api/v1/characters", {"name": "Nobody"}),
        ("GET", "/api/v1/users/me/achievements", None),
        ("GET", "/api/v1/checkin", None),
        ("POST", "/api/v1/checkin", None),
    ],
)
def test_the_token_of_an_account_that_is_gone(
    client: FlaskClient, ghost: dict[str, str], method: str, path: str, body: Any
) -> None:
    assert outcome(client.open(path, method=method, json=body, headers=ghost)) == (404, "USER_NOT_FOUND")


@pytest.fixture
def character_id(client: FlaskClient, player: Player) -> int:
    answer = client.post("/api/v1/characters", json={"name": "Ada"}, headers=player.headers)
    return int(answer.get_json()["data"]["id"])


def test_a_key_with_another_body_is_refused(
    client: FlaskClient, player: Player, admin: Player, character_id: int
) -> None:
    template = {"id": "contract_potion", "name": "Contract potion", "max_stack": 10}
    assert client.post("/api/v1/admin/item-templates", json=template, headers=admin.headers).status_code == 201
    for path, who, first, other in (
        ("/event", player, {"eventType": "login"}, {"eventType": "find_secret"}),
        ("/api/v1/characters", player, {"name": "Ada"}, {"name": "Eve"}),
        (
            f"/api/v1/admin/characters/{character_id}/items",
            admin,
            {"item_template_id": "contract_potion", "quantity": 1},
            {"item_template_id": "contract_potion", "quantity": 2},
        ),
    ):
        headers = {**who.headers, "Idempotency-Key": "the-key"}
        outcomes = [outcome(client.post(path, json=body, headers=headers)) for body in (first, other)]
        assert outcomes == [(201, None), (409, "IDEMPOTENCY_KEY_REUSED")], path


@pytest.mark.usefixtures("with_redis")
def test_a_fight_that_never_was(client: FlaskClient, admin: Player) -> None:
    unknown = "/api/v1/combat/no-such-fight"
    assert outcome(client.get(f"{unknown}/result", headers=admin.headers)) == (404, "COMBAT_NOT_FOUND")
    assert outcome(client.post(f"{unknown}/finish", json=FINISH_EXAMPLE, headers=admin.headers)) == (
        404,
        "COMBAT_NOT_FOUND",
    )


def test_a_type_of_events_that_never_was(client: FlaskClient, admin: Player) -> None:
    path, body = "/api/v1/admin/event-types/no_such_type", {"code": "no_such_type", "metric": "LOGIN", "points": 1}
    assert outcome(client.put(path, json=body, headers=admin.headers)) == (404, "EVENT_TYPE_NOT_FOUND")
    assert outcome(client.delete(path, headers=admin.headers)) == (404, "EVENT_TYPE_NOT_FOUND")


def test_nobodys_character_puts_nothing_away(client: FlaskClient, player: Player) -> None:
    answer = client.post(f"/api/v1/characters/{NOBODY}/unequip", json={"inventory_id": 1}, headers=player.headers)
    assert outcome(answer) == (404, "CHARACTER_NOT_FOUND")


def test_a_season_that_never_was(client: FlaskClient, player: Player) -> None:
    for place in ("", "/me", "/around-me"):
        answer = client.get(f"/api/v1/leaderboards/td_score{place}?season=999999", headers=player.headers)
        assert outcome(answer) == (404, "SEASON_NOT_FOUND")


def test_the_device_of_a_banned_account(app: Flask, client: FlaskClient, admin: Player) -> None:
    device = {"device_id": f"banned-{new_player(app).id}"}
    signed_in = client.post("/api/v1/auth/device", json=device).get_json()["data"]
    me = client.get("/api/v1/users/me", headers={"Authorization": f"Bearer {signed_in['access_token']}"})
    path = f"/api/v1/admin/users/{me.get_json()['data']['id']}"
    assert outcome(client.patch(path, json={"status": "banned"}, headers=admin.headers)) == (200, None)
    assert outcome(client.post("/api/v1/auth/device", json=device)) == (403, "FORBIDDEN")
