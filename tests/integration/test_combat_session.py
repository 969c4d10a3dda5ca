"""Fights that go on: belts, actions that count once, finishes, lost sessions."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient

from app.embedded.redis import PrivateRedis
from app.rules.character_rules import Character
from tests.support.characters import POTION, SWORD, give, make_templates, new_character
from tests.support.fights import new_session_id, outcome, payload_of, run_outbox, stacks, standing, status_of
from tests.support.players import Player, at_once, new_player

Sql = Callable[..., list[Any]]
pytestmark = pytest.mark.usefixtures("with_redis")


@pytest.fixture
def combat_engine(app: Flask) -> Player:
    return new_player(app, ["system"])


@pytest.fixture
def hero(app: Flask, player: Player) -> Character:
    make_templates(app)
    return new_character(app, player)


@pytest.fixture
def store(with_redis: PrivateRedis) -> "redis.Redis":
    return redis.Redis.from_url(with_redis.url)


def start(client: FlaskClient, who: Player, *heroes: Character, session_id: str | None = None) -> Any:
    participants = [{"character_id": hero.id, "team": "blue"} for hero in heroes]
    body: dict[str, Any] = {"participants": participants}
    if session_id is not None:
        body["session_id"] = session_id
    return client.post("/api/v1/combat/sessions", json=body, headers=who.headers)


def press(client: FlaskClient, who: Player, session_id: str, hero: Character, version: int, **more: Any) -> Any:
    body = {
        "action_id": f"press-{version}",
        "version": version,
        "character_id": hero.id,
        "type": "use_item",
        "slot": "belt_1",
        **more,
    }
    return client.post(f"/api/v1/combat/{session_id}/actions", json=body, headers=who.headers)


def report_of(*heroes: Character, **changes: Any) -> dict[str, Any]:
    return {
        "winner_team": "blue",
        "finish_reason": "victory",
        "participants": {str(hero.id): outcome(**changes) for hero in heroes},
    }


def finish(client: FlaskClient, who: Player, session_id: str, report: Any) -> Any:
    return client.post(f"/api/v1/combat/{session_id}/finish", json=report, headers=who.headers)


def error_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["error"]["code"]


def data_of(answer: Any) -> Any:
    return answer.get_json()["data"]


def test_the_whole_story(
    app: Flask, client: FlaskClient, player: Player, combat_engine: Player, hero: Character, sql: Sql
) -> None:
    first, second = give(app, hero, POTION, 1, "belt_1"), give(app, hero, POTION, 1, "belt_2")
    give(app, hero, SWORD, 1, "weapon")
    give(app, hero, POTION, 3)
    started = start(client, player, hero)
    session_id = data_of(started)["session_id"]
    assert started.status_code == 201
    assert data_of(started) == {
        "session_id": session_id,
        "status": "active",
        "version": 1,
        "participants": [
            {
                "character_id": hero.id,
                "team": "blue",
                "hp": 100,
                "energy": 100,
                "belt": [
                    {"slot": "belt_1", "inventory_id": first, "item_template_id": POTION.id, "quantity": 1},
                    {"slot": "belt_2", "inventory_id": second, "item_template_id": POTION.id, "quantity": 1},
                ],
            }
        ],
    }
    used = press(client, player, session_id, hero, 1)
    assert (used.status_code, data_of(used)["version"]) == (200, 2)
    assert [item["quantity"] for item in data_of(used)["participants"][0]["belt"]] == [0, 1]
    assert press(client, player, session_id, hero, 2, slot="belt_2").status_code == 200
    finished = finish(
        client,
        combat_engine,
        session_id,
        report_of(
            hero,
            xp_gained=1250,
            gold_gained=100,
            durability_loss={f"item:{SWORD.id}": 5},
            loot=[{"item_template_id": SWORD.id, "qty": 1}],
            state_snapshot={"hp": 45, "energy": 20},
            ui_report={"loot_obtained": [{"item_template_id": SWORD.id, "qty": 7}]},
        ),
    )
    assert finished.status_code == 202
    assert (data_of(finished)["status"], data_of(finished)["settlement_status"]) == ("finished", "pending")
    changes = data_of(finished)["result"]["participants"][str(hero.id)]["changes"]
    assert changes["items_consumed"] == [
        {"inventory_id": first, "item_template_id": POTION.id, "qty": 1},
        {"inventory_id": second, "item_template_id": POTION.id, "qty": 1},
    ]
    run_outbox(app)
    assert status_of(sql, session_id) == ("processed", None)
    assert standing(sql, hero) == (45, 20, 1250, 100)
    assert stacks(sql, hero) == [(SWORD.id, 1, "weapon", 95), (POTION.id, 3, None, None), (SWORD.id, 1, None, 100)]


def test_an_action_counts_once_however_often_it_is_sent(
    app: Flask, client: FlaskClient, player: Player, hero: Character
) -> None:
    give(app, hero, POTION, 5, "belt_1")
    session_id = data_of(start(client, player, hero))["session_id"]
    answers = at_once(app, [lambda: press(app.test_client(), player, session_id, hero, 1) for _ in range(12)])
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.get_data() for answer in answers}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
    assert press(client, player, session_id, hero, 2).status_code == 200
    again = press(client, player, session_id, hero, 1)
    assert again.get_data() == answers[0].get_data()
    other = press(client, player, session_id, hero, 1, slot="belt_2")
    assert error_of(other) == (409, "CONFLICT")


def test_two_presses_at_once_never_use_one_potion_twice(
    app: Flask, client: FlaskClient, player: Player, hero: Character
) -> None:
    give(app, hero, POTION, 1, "belt_1")
    session_id = data_of(start(client, player, hero))["session_id"]
    answers = at_once(
        app,
        [lambda n=n: press(app.test_client(), player, session_id, hero, 1, action_id=f"finger-{n}") for n in range(12)],
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 11
    stale = next(answer for answer in answers if answer.status_code == 409)
    assert error_of(stale) == (409, "STALE_VERSION")
    current = stale.get_json()["error"]["details"]["current"]
    assert (current["version"], current["participants"][0]["belt"][0]["quantity"]) == (2, 0)
    assert error_of(press(client, player, session_id, hero, 2)) == (409, "ITEM_SPENT")
    assert error_of(press(client, player, session_id, hero, 2, slot="belt_3")) == (409, "ITEM_SPENT")


def test_a_character_is_in_one_fight_at_a_time(
    app: Flask, client: FlaskClient, player: Player, combat_engine: Player, hero: Character, sql: Sql
) -> None:
    potion = give(app, hero, POTION, 2, "belt_1")
    answers = at_once(app, [lambda: start(app.test_client(), player, hero) for _ in range(8)])
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert {error_of(answer) for answer in answers if answer.status_code == 409} == {(409, "CHARACTER_BUSY")}
    (session_id,) = [data_of(answer)["session_id"] for answer in answers if answer.status_code == 201]
    path = f"/api/v1/characters/{hero.id}"
    for what, body in (("unequip", {}), ("equip", {"slot": "belt_2"})):
        answer = client.post(f"{path}/{what}", json={"inventory_id": potion, **body}, headers=player.headers)
        assert error_of(answer) == (409, "CHARACTER_BUSY")
    finish(client, combat_engine, session_id, report_of(hero))
    waiting = client.post(f"{path}/unequip", json={"inventory_id": potion}, headers=player.headers)
    assert error_of(waiting) == (409, "CHARACTER_BUSY")
    run_outbox(app)
    assert client.post(f"{path}/unequip", json={"inventory_id": potion}, headers=player.headers).status_code == 200
    assert start(client, player, hero).status_code == 201


def test_a_next_fight_begins_with_what_the_last_one_left_though_it_is_not_settled(
    app: Flask, client: FlaskClient, player: Player, combat_engine: Player, hero: Character, sql: Sql
) -> None:
    give(app, hero, POTION, 3, "belt_1")
    first = data_of(start(client, player, hero))["session_id"]
    press(client, player, first, hero, 1)
    press(client, player, first, hero, 2)
    finish(client, combat_engine, first, report_of(hero, state_snapshot={"hp": 7, "energy": 8}))
    second = data_of(start(client, player, hero))
    fighter = second["participants"][0]
    assert (fighter["hp"], fighter["energy"], fighter["belt"][0]["quantity"]) == (7, 8, 1)
    press(client, player, second["session_id"], hero, 1)
    finish(client, combat_engine, second["session_id"], report_of(hero, state_snapshot={"hp": 5, "energy": 6}))
    run_outbox(app)
    assert [status_of(sql, s)[0] for s in (first, second["session_id"])] == ["processed"] * 2
    assert standing(sql, hero) == (5, 6, 20, 10)
    assert stacks(sql, hero) == []


def test_the_same_session_started_again_goes_on(
    app: Flask, client: FlaskClient, player: Player, combat_engine: Player, hero: Character
) -> None:
    session_id = new_session_id()
    first, again = (start(client, player, hero, session_id=session_id) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert first.get_data() == again.get_data()
    stranger = new_player(app)
    other = new_character(app, stranger)
    assert error_of(start(client, stranger, other, session_id=session_id)) == (409, "CONFLICT")
    finish(client, combat_engine, session_id, report_of(hero))
    run_outbox(app)
    assert error_of(start(client, player, hero, session_id=session_id)) == (409, "COMBAT_ALREADY_FINISHED")


def test_nobody_sends_or_moves_other_peoples_characters(
    app: Flask, client: FlaskClient, player: Player, combat_engine: Player, hero: Character
) -> None:
    stranger = new_player(app)
    assert error_of(start(client, stranger, hero)) == (404, "CHARACTER_NOT_FOUND")
    other = new_character(app, stranger)
    session_id = data_of(start(client, combat_engine, hero, other))["session_id"]
    assert error_of(press(client, stranger, session_id, hero, 1)) == (404, "COMBAT_NOT_FOUND")
    onlooker = new_player(app, ["player", "support"])
    assert error_of(press(client, onlooker, session_id, hero, 1)) == (404, "COMBAT_NOT_FOUND")
    outsider = new_player(app)
    bystander = new_character(app, outsider)
    assert error_of(press(client, outsider, session_id, bystander, 1)) == (404, "COMBAT_NOT_FOUND")
    assert error_of(press(client, player, session_id, bystander, 1)) == (404, "COMBAT_NOT_FOUND")
    assert finish(client, player, session_id, report_of(hero)).status_code == 403


def test_the_same_finish_again_answers_the_same_before_and_after_settling(
    app: Flask, client: FlaskClient, player: Player, combat_engine: Player, hero: Character, sql: Sql
) -> None:
    session_id = data_of(start(client, player, hero))["session_id"]
    report = report_of(hero)
    answers = at_once(app, [lambda: finish(app.test_client(), combat_engine, session_id, report) for _ in range(10)])
    assert {answer.status_code for answer in answers} == {202}
    run_outbox(app)
    late = finish(client, combat_engine, session_id, report)
    assert len({answer.get_data() for answer in [*answers, late]}) == 1
    assert late.headers["Idempotency-Replayed"] == "true"
    for _ in range(2):
        other = finish(client, combat_engine, session_id, report_of(hero, xp_gained=11))
        assert error_of(other) == (409, "COMBAT_ALREADY_FINISHED")
    assert standing(sql, hero)[2:] == (10, 5)


def test_another_finish_of_a_session_that_is_still_hot_is_409(
    client: FlaskClient, player: Player, combat_engine: Player, hero: Character
) -> None:
    session_id = data_of(start(client, player, hero))["session_id"]
    assert finish(client, combat_engine, session_id, report_of(hero)).status_code == 202
    other = finish(client, combat_engine, session_id, report_of(hero, xp_gained=11))
    assert error_of(other) == (409, "COMBAT_ALREADY_FINISHED")


def test_a_finish_names_who_is_missing_and_changes_nothing(
    app: Flask, client: FlaskClient, player: Player, combat_engine: Player, hero: Character, sql: Sql
) -> None:
    give(app, hero, POTION, 1, "belt_1")
    ally = new_character(app, new_player(app))
    session_id = data_of(start(client, combat_engine, hero, ally))["session_id"]
    answer = finish(client, combat_engine, session_id, report_of(hero))
    assert (answer.status_code, answer.get_json()["error"]["details"]) == (400, {f"participants.{ally.id}": "required"})
    assert press(client, player, session_id, hero, 1).status_code == 200
    outsider = new_character(app, new_player(app))
    assert finish(client, combat_engine, session_id, report_of(hero, ally, outsider)).status_code == 202
    run_outbox(app)
    assert status_of(sql, session_id) == ("failed", f"unknown participant {outsider.id}: not in the session")


def test_an_external_settlement_ends_a_session_too(
    app: Flask, client: FlaskClient, player: Player, combat_engine: Player, hero: Character
) -> None:
    session_id = data_of(start(client, player, hero))["session_id"]
    payload = payload_of({hero.id: outcome()}, session_id)
    assert client.post("/api/v1/combat/settlements", json=payload, headers=combat_engine.headers).status_code == 202
    assert data_of(press(client, player, session_id, hero, 1))["status"] == "finished"
    assert error_of(finish(client, combat_engine, session_id, report_of(hero))) == (409, "COMBAT_ALREADY_FINISHED")


def test_a_session_that_redis_lost_says_so_and_nobody_is_stuck(
    app: Flask,
    client: FlaskClient,
    player: Player,
    combat_engine: Player,
    hero: Character,
    store: "redis.Redis",
    sql: Sql,
) -> None:
    potion = give(app, hero, POTION, 2, "belt_1")
    session_id = data_of(start(client, player, hero))["session_id"]
    press(client, player, session_id, hero, 1)
    store.flushall()
    for _ in range(2):
        assert error_of(press(client, player, session_id, hero, 2)) == (409, "SESSION_LOST")
    assert error_of(finish(client, combat_engine, session_id, report_of(hero))) == (409, "SESSION_LOST")
    for part in ("result", "replay"):
        answer = client.get(f"/api/v1/combat/{session_id}/{part}", headers=player.headers)
        assert error_of(answer) == (409, "SESSION_LOST")
    assert error_of(press(client, new_player(app), session_id, hero, 2)) == (404, "COMBAT_NOT_FOUND")
    unequip = f"/api/v1/characters/{hero.id}/unequip"
    assert client.post(unequip, json={"inventory_id": potion}, headers=player.headers).status_code == 200
    assert start(client, player, hero).status_code == 201
    assert stacks(sql, hero) == [(POTION.id, 2, None, None)]


def test_without_redis_only_fights_stop(
    app: Flask,
    client: FlaskClient,
    player: Player,
    combat_engine: Player,
    hero: Character,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sql: Sql,
) -> None:
    server = PrivateRedis(tmp_path, password="of-this-test")
    server.start()
    config = app.extensions["laurel"].model_copy(update={"REDIS_URL": server.url})
    monkeypatch.setitem(app.extensions, "laurel", config)
    potion = give(app, hero, POTION, 2, "belt_1")
    idle = new_character(app, player)
    other = give(app, idle, POTION, 1)
    session_id = data_of(start(client, player, hero))["session_id"]
    server.kill()
    for answer in (
        press(client, player, session_id, hero, 1),
        start(client, player, idle),
        finish(client, combat_engine, session_id, report_of(hero)),
        client.get(f"/api/v1/combat/{session_id}/result", headers=player.headers),
    ):
        assert error_of(answer) == (503, "SERVICE_UNAVAILABLE")
        assert int(answer.headers["Retry-After"]) >= 1
    equip = f"/api/v1/characters/{idle.id}/equip"
    body = {"inventory_id": other, "slot": "belt_1"}
    assert client.post(equip, json=body, headers=player.headers).status_code == 200
    consumed = [{"inventory_id": potion, "item_template_id": POTION.id, "qty": 1}]
    payload = payload_of({hero.id: outcome(items_consumed=consumed)})
    settled = client.post("/api/v1/combat/settlements", json=payload, headers=combat_engine.headers)
    assert settled.status_code == 202
    run_outbox(app)
    result = client.get(f"/api/v1/combat/{payload['session_id']}/result", headers=player.headers)
    assert data_of(result)["settlement_status"] == "processed"
    server.start()
    answer = press(client, player, session_id, hero, 1)
    assert error_of(answer) == (409, "SESSION_LOST")
    server.stop()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"participants": []}, "participants"),
        ({"participants": [{"character_id": 1, "team": "a"}, {"character_id": 1, "team": "b"}]}, "participants"),
        ({"participants": [{"character_id": "1", "team": "a"}]}, "participants.0.character_id"),
        ({"participants": [{"character_id": 1}]}, "participants.0.team"),
        ({"participants": [{"character_id": 1, "team": "a"}], "session_id": "a_b"}, "session_id"),
        ({"participants": [{"character_id": 1, "team": "a"}], "session_id": ""}, "session_id"),
    ],
)
def test_a_wrong_start_is_400(client: FlaskClient, player: Player, body: Any, field: str) -> None:
    answer = client.post("/api/v1/combat/sessions", json=body, headers=player.headers)
    assert error_of(answer) == (400, "VALIDATION_ERROR")
    assert set(answer.get_json()["error"]["details"]) == {field}
