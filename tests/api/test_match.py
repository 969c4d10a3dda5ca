"""/match, /event and /api/v1/progress as the contract writes them down."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.schemas.match import MatchHistoryQuery
from tests.support.players import RESULT, Player, finish_body, new_player, open_match


def get(client: FlaskClient, path: str, who: Player) -> Any:
    return client.get(path, headers=who.headers)


def test_a_match_is_shown_with_result_and_receipt(app: Flask, client: FlaskClient, player: Player) -> None:
    match_id = open_match(app, player)
    open_data = get(client, f"/match/{match_id}", player).get_json()["data"]
    assert (open_data["status"], open_data["result"], open_data["receipt"], open_data["finishedAt"]) == (
        "started",
        None,
        None,
        None,
    )
    finish = client.post("/match/finish", json=finish_body(match_id), headers=player.headers).get_json()["data"]
    data = get(client, f"/match/{match_id}", player).get_json()["data"]
    assert set(data) == {"matchId", "status", "mode", "startedAt", "finishedAt", "result", "receipt"}
    assert (data["status"], data["result"], data["receipt"]) == ("finished", RESULT, finish)
    assert data["finishedAt"] == finish["serverTime"]


def test_a_match_is_its_owners_and_staffs_affair(app: Flask, client: FlaskClient, player: Player) -> None:
    match_id = open_match(app, player)
    for role, status in (("player", 404), ("support", 200), ("admin", 200), ("system", 403)):
        assert get(client, f"/match/{match_id}", new_player(app, [role])).status_code == status, role


@pytest.mark.parametrize(
    "path", ["/match/abc", "/match/-1", "/match/1.0", "/match/٣", f"/match/{2**63}", "/match/" + "9" * 30]
)
def test_what_is_no_id_has_no_route(client: FlaskClient, player: Player, path: str) -> None:
    answer = get(client, path, player)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (404, "NOT_FOUND")


def test_get_on_finish_is_405(client: FlaskClient, player: Player) -> None:
    answer = get(client, "/match/finish", player)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert "POST" in answer.headers["Allow"]


def test_history_is_paged_newest_first_and_complete(app: Flask, client: FlaskClient, player: Player) -> None:
    ids = [open_match(app, player) for _ in range(7)]
    client.post("/match/finish", json=finish_body(ids[3]), headers=player.headers)
    seen: list[Any] = []
    cursor = ""
    while True:
        page = get(client, f"/match/history?limit=3{cursor}", player).get_json()["data"]
        seen += page["items"]
        if page["next_cursor"] is None:
            break
        assert len(page["items"]) == 3
        cursor = f"&cursor={page['next_cursor']}"
    assert [item["matchId"] for item in seen] == ids[::-1]
    assert tuple(seen[0]) == MatchHistoryQuery.item_fields
    assert seen[3]["result"] == RESULT


def test_the_last_full_page_has_no_next(app: Flask, client: FlaskClient, player: Player) -> None:
    for _ in range(2):
        open_match(app, player)
    assert get(client, "/match/history?limit=2", player).get_json()["data"]["next_cursor"] is None
    empty = get(client, "/match/history", new_player(app)).get_json()["data"]
    assert empty == {"items": [], "next_cursor": None}


def test_history_shows_the_selected_fields(app: Flask, client: FlaskClient, player: Player) -> None:
    match_id = open_match(app, player)
    page = get(client, "/match/history?fields=matchId,status", player).get_json()["data"]
    assert page["items"] == [{"matchId": match_id, "status": "started"}]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("limit=1.0", "limit"),
        ("limit=1&limit=2", "limit"),
        ("cursor=%00", "cursor"),
        ("cursor=abc", "cursor"),
        ("cursor=-1", "cursor"),
        ("cursor=LTE=", "cursor"),
        ("offset=1", "offset"),
        ("fields=password", "fields"),
        ("fields=", "fields"),
    ],
)
def test_a_bad_query_is_400_and_named(client: FlaskClient, player: Player, query: str, field: str) -> None:
    answer = get(client, f"/match/history?{query}", player)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "VALIDATION_ERROR")
    assert set(answer.get_json()["error"]["details"]) == {field}


def test_the_other_door_settles_too(app: Flask, client: FlaskClient, player: Player) -> None:
    match_id = open_match(app, player)
    body = {"eventType": "match_finish", **finish_body(match_id)}
    answer = client.post("/event", json=body, headers=player.headers)
    assert (answer.status_code, answer.get_json()["data"]["matchId"]) == (200, match_id)
    again = client.post("/match/finish", json=finish_body(match_id), headers=player.headers)
    assert again.headers["Idempotency-Replayed"] == "true"


def test_progress_is_the_sum_of_the_matches(app: Flask, client: FlaskClient, player: Player) -> None:
    for _ in range(3):
        client.post("/match/finish", json=finish_body(open_match(app, player)), headers=player.headers)
    data = get(client, "/api/v1/progress/me", player).get_json()["data"]
    assert data.pop("updated_at").endswith("Z")
    assert data == {"user_id": player.id, "xp": 510, "level": 3, "soft_currency": 1020}
