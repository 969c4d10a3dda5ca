"""Events that clients tell: taken once, counted once, whatever is delivered twice."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.services.verify_service import find_drift
from tests.support.players import Player, at_once, new_player
from tests.support.relay import deliver

Sql = Callable[..., list[Any]]
pytestmark = pytest.mark.usefixtures("app_context")


def tell(client: FlaskClient, player: Player, event_type: str, **body: object) -> TestResponse:
    return client.post("/api/v1/event/", json={"event_type": event_type, **body}, headers=player.headers)


def test_the_seeds_story(client: FlaskClient, player: Player, sql: Sql) -> None:
    answer = client.post(
        "/api/v1/event/", json={"user_id": player.id, "event_type": "login", "details": None}, headers=player.headers
    )
    data = answer.get_json()["data"]
    assert answer.status_code == 201
    assert (data["user_id"], data["event_type"], data["details"]) == (player.id, "login", None)
    assert set(data) == {"id", "user_id", "event_type", "details", "created_at", "message"}
    for _ in range(10):
        assert tell(client, player, "complete_level").status_code == 201
    for _ in range(3):
        assert tell(client, player, "find_secret").status_code == 201
    deliver()
    counters = sql("SELECT event_type, events, points FROM user_event_counters WHERE user_id = :id", id=player.id)
    assert set(counters) == {("login", 1, 5), ("complete_level", 10, 200), ("find_secret", 3, 150)}
    rewards = sql("SELECT group_code, points FROM user_achievement_rewards WHERE user_id = :id", id=player.id)
    assert set(rewards) == {("newcomer", 5), ("explorer", 50), ("master", 20)}
    notices = sql("SELECT title FROM notifications WHERE user_id = :id", id=player.id)
    assert sorted(row.title for row in notices) == ["Исследователь", "Мастер", "Новичок"]
    (stats,) = sql(
        "SELECT event_points, achievements_count, achievement_points FROM user_stats WHERE user_id = :id", id=player.id
    )
    assert tuple(stats) == (355, 3, 75)
    assert [drift for drift in find_drift() if drift.user_id == player.id] == []


def test_an_event_told_twice_with_a_key_is_taken_once(client: FlaskClient, player: Player, sql: Sql) -> None:
    headers = {**player.headers, "Idempotency-Key": "e-1"}
    body = {"event_type": "login", "details": {"device": "phone"}}
    first, again = (client.post("/api/v1/event/", json=body, headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.get_json() == first.get_json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    other = client.post("/api/v1/event/", json={"event_type": "find_secret"}, headers=headers)
    assert (other.status_code, other.get_json()["error"]["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    assert sql("SELECT COUNT(*) FROM game_events WHERE user_id = :id", id=player.id)[0][0] == 1


def test_twenty_at_once_with_one_key_are_taken_once(app: Flask, player: Player, sql: Sql) -> None:
    headers = {**player.headers, "Idempotency-Key": "e-2"}

    def tell_it() -> tuple[int, Any]:
        answer = app.test_client().post("/api/v1/event/", json={"event_type": "login"}, headers=headers)
        return answer.status_code, answer.get_json()["data"]["id"]

    answers = set(at_once(app, [tell_it] * 20))
    assert len(answers) == 1
    assert answers.pop()[0] == 201
    assert sql("SELECT COUNT(*) FROM game_events WHERE user_id = :id", id=player.id)[0][0] == 1


def test_events_of_many_players_are_counted_by_several_workers_at_once(app: Flask, sql: Sql) -> None:
    players = [new_player(app) for _ in range(20)]

    def play(player: Player) -> None:
        client = app.test_client()
        for number in range(15):
            assert tell(client, player, ("complete_level", "find_secret")[number % 2]).status_code == 201

    at_once(app, [lambda player=player: play(player) for player in players])
    at_once(app, [deliver] * 4)
    deliver()
    for player in players:
        counters = sql("SELECT event_type, events FROM user_event_counters WHERE user_id = :id", id=player.id)
        assert set(counters) == {("complete_level", 8), ("find_secret", 7)}
        rewards = sql("SELECT group_code FROM user_achievement_rewards WHERE user_id = :id", id=player.id)
        assert [row.group_code for row in rewards] == ["explorer"]
        assert sql("SELECT COUNT(*) FROM notifications WHERE user_id = :id", id=player.id)[0][0] == 1


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({}, {"event_type"}),
        ({"event_type": "unheard_of"}, {"event_type"}),
        ({"event_type": "match_finish"}, {"event_type"}),
        ({"event_type": "Login"}, {"event_type"}),
        ({"event_type": "login", "user_id": "1"}, {"user_id"}),
        ({"event_type": "login", "user_id": True}, {"user_id"}),
        ({"event_type": "login", "details": []}, {"details"}),
        ({"event_type": "login", "details": "x"}, {"details"}),
        ({"event_type": "login", "details": {"text": "x" * 1014}}, {"details"}),
        ({"event_type": "login", "details": {"text": "ж" * 507}}, {"details"}),
        ({"event_type": "login", "details": {"n": 10**30}}, {"details"}),
        ({"event_type": "login", "details": {"n": [{"m": float("nan")}]}}, {"details"}),
        ({"event_type": "login", "points": 1000}, {"points"}),
    ],
)
def test_a_bad_event_is_400(client: FlaskClient, player: Player, sql: Sql, body: Any, details: set[str]) -> None:
    answer = client.post("/api/v1/event/", json=body, headers=player.headers)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "VALIDATION_ERROR")
    assert set(answer.get_json()["error"]["details"]) == details
    assert sql("SELECT COUNT(*) FROM game_events WHERE user_id = :id", id=player.id)[0][0] == 0


@pytest.mark.parametrize(
    "details",
    [
        {},
        {"text": "x" * 1013},
        {"text": "ж" * 506},
        {"z": 1, "a": [True, None, 1.5, -(2**63) + 1, "\u0000'\"\\", {"": {}}], "ключ": "🎮"},
    ],
)
def test_details_come_back_as_they_were_told(client: FlaskClient, player: Player, details: dict[str, Any]) -> None:
    answer = tell(client, player, "login", details=details)
    assert (answer.status_code, answer.get_json()["data"]["details"]) == (201, details)
    page = client.get(f"/api/v1/events/user/{player.id}", headers=player.headers).get_json()["data"]
    assert page["items"][0]["details"] == details


def test_a_player_tells_only_of_himself(app: Flask, client: FlaskClient, player: Player, sql: Sql) -> None:
    stranger = new_player(app)
    answer = tell(client, stranger, "login", user_id=player.id)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (403, "FORBIDDEN")
    for role in ("system", "admin"):
        assert tell(client, new_player(app, [role]), "login", user_id=player.id).status_code == 201
    nobody = tell(client, new_player(app, ["system"]), "login", user_id=2**62)
    assert (nobody.status_code, nobody.get_json()["error"]["code"]) == (404, "USER_NOT_FOUND")
    assert sql("SELECT COUNT(*) FROM game_events WHERE user_id = :id", id=player.id)[0][0] == 2


def test_the_course_specs_door_takes_other_events_in_camel_case(client: FlaskClient, player: Player) -> None:
    answer = client.post("/event", json={"eventType": "find_secret", "details": {"room": 3}}, headers=player.headers)
    data = answer.get_json()["data"]
    assert answer.status_code == 201
    assert (data["userId"], data["eventType"], data["details"]) == (player.id, "find_secret", {"room": 3})
    assert set(data) == {"id", "userId", "eventType", "details", "createdAt", "message"}


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({"eventType": "match_finish"}, {"matchId": "int >= 1 required", "result": "object required"}),
        ({"eventType": "login", "matchId": 1}, {"matchId": "unknown field"}),
        ({"eventType": "login", "result": {"isWin": 1}}, None),
        ({"matchId": 1}, None),
        ({"eventType": "no_such"}, None),
    ],
)
def test_a_bad_event_at_the_course_specs_door_is_400(
    client: FlaskClient, player: Player, body: Any, details: dict[str, str] | None
) -> None:
    answer = client.post("/event", json=body, headers=player.headers)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "VALIDATION_ERROR")
    if details is not None:
        assert answer.get_json()["error"]["details"] == details


def test_events_are_listed_newest_first_in_pages(app: Flask, client: FlaskClient, player: Player) -> None:
    told = [tell(client, player, "login").get_json()["data"]["id"] for _ in range(5)]
    url = f"/api/v1/events/user/{player.id}"
    first = client.get(f"{url}?limit=3", headers=player.headers).get_json()["data"]
    rest = client.get(f"{url}?limit=3&cursor={first['next_cursor']}", headers=player.headers).get_json()["data"]
    assert [item["id"] for item in first["items"] + rest["items"]] == told[::-1]
    assert rest["next_cursor"] is None
    assert client.get(url, headers=new_player(app).headers).status_code == 403
    for role in ("support", "system", "admin"):
        assert client.get(url, headers=new_player(app, [role]).headers).status_code == 200
    support = new_player(app, ["support"])
    assert client.get(f"/api/v1/events/user/{2**62}", headers=support.headers).status_code == 404
