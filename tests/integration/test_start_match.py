"""POST /match/start under an Idempotency-Key, and without."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.players import Player, at_once, new_player

Sql = Callable[..., list[Any]]


def start(client: FlaskClient, player: Player, key: str | None = None, **body: object) -> Any:
    headers = {**player.headers, **({"Idempotency-Key": key} if key else {})}
    return client.post("/match/start", json=body, headers=headers)


def test_a_started_match_is_open_and_its_players(client: FlaskClient, player: Player, sql: Sql) -> None:
    answer = start(client, player, mode="hard")
    assert answer.status_code == 201
    data = answer.get_json()["data"]
    assert set(data) == {"matchId", "startedAt"}
    (match,) = sql("SELECT user_id, status, mode FROM matches WHERE id = :id", id=data["matchId"])
    assert tuple(match) == (player.id, "started", "hard")
    assert 0 < data["matchId"] < 2**53
    assert data["startedAt"].endswith("Z")


def test_each_start_without_a_key_opens_another_match(client: FlaskClient, player: Player) -> None:
    assert start(client, player).get_json() != start(client, player).get_json()


def test_the_same_key_gets_the_first_match(client: FlaskClient, player: Player, sql: Sql) -> None:
    first, again = start(client, player, "k:1", mode="a"), start(client, player, "k:1", mode="a")
    assert (again.status_code, again.data) == (201, first.data)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(sql("SELECT id FROM matches WHERE user_id = :id", id=player.id)) == 1


def test_the_same_key_with_another_body_is_409(client: FlaskClient, player: Player) -> None:
    start(client, player, "k", mode="a")
    answer = start(client, player, "k", mode="b")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")


def test_keys_differ_by_case_and_belong_to_one_user(app: Flask, client: FlaskClient, player: Player) -> None:
    answers = [start(client, player, "key"), start(client, player, "KEY"), start(client, new_player(app), "key")]
    assert len({answer.data for answer in answers}) == 3


@pytest.mark.parametrize("key", ["", " ", "a b", "ключ", "x" * 129, "a/b"])
def test_a_malformed_key_is_400(client: FlaskClient, player: Player, key: str) -> None:
    answer = client.post("/match/start", headers={**player.headers, "Idempotency-Key": key.encode().decode("latin-1")})
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "VALIDATION_ERROR")
    assert "Idempotency-Key" in answer.get_json()["error"]["details"]


def test_thirty_starts_with_one_key_open_one_match(app: Flask, player: Player, sql: Sql) -> None:
    answers = at_once(app, [lambda: start(app.test_client(), player, "once") for _ in range(30)])
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.data for answer in answers}) == 1
    assert len(sql("SELECT id FROM matches WHERE user_id = :id", id=player.id)) == 1


def test_a_refused_start_leaves_the_key_free(app: Flask, client: FlaskClient, player: Player, sql: Sql) -> None:
    sql("DELETE FROM users WHERE id = :id", id=player.id)
    answer = start(client, player, "k")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (404, "USER_NOT_FOUND")
    assert sql("SELECT endpoint FROM idempotency_keys WHERE user_id = :id", id=player.id) == []
