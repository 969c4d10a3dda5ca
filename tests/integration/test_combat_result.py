"""What became of a fight, however late somebody asks, and what it costs the database."""

import zlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.engine import Engine as AnyEngine

from app.embedded.redis import PrivateRedis
from app.extensions import db
from app.rules.character_rules import Character
from app.schemas.combat import CombatsQuery
from app.services.verify_service import find_drift
from tests.support.characters import POTION, give, make_templates, new_character
from tests.support.fights import new_session_id, outcome, payload_of, run_outbox
from tests.support.players import Player, at_once, new_player

Sql = Callable[..., list[Any]]
pytestmark = pytest.mark.usefixtures("with_redis")

RUSSIAN = {"Accept-Language": "ru-RU,ru;q=0.9,en;q=0.5"}


@pytest.fixture
def combat_engine(app: Flask) -> Player:
    return new_player(app, ["system"])


@pytest.fixture
def hero(app: Flask, player: Player) -> Character:
    make_templates(app)
    return new_character(app, player)


@pytest.fixture
def store(with_redis: PrivateRedis) -> "redis.Redis":
    return redis.Redis.from_url(with_redis.url, decode_responses=True)


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    """Every statement that the application sends from now on."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "token_revocations" not in statement:  # which every process polls by itself
            sent.append(statement)

    with app.app_context():
        engines: list[AnyEngine] = list(db.engines.values())
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield sent
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


def press(client: FlaskClient, who: Player, session_id: str, character_id: int, **headers: str) -> Any:
    body = {"action_id": "late", "version": 1, "character_id": character_id, "type": "use_item", "slot": "belt_1"}
    return client.post(f"/api/v1/combat/{session_id}/actions", json=body, headers={**who.headers, **headers})


def result(client: FlaskClient, who: Player, session_id: str, **headers: str) -> Any:
    return client.get(f"/api/v1/combat/{session_id}/result", headers={**who.headers, **headers})


def data_of(answer: Any) -> Any:
    assert answer.status_code in (200, 201, 202), answer.get_json()
    return answer.get_json()["data"]


def error_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["error"]["code"]


def fight(client: FlaskClient, who: Player, combat_engine: Player, *heroes: Character, **more: Any) -> str:
    """A session that was started and finished; 100 gold for each."""
    participants = [{"character_id": hero.id, "team": "blue"} for hero in heroes]
    started = client.post("/api/v1/combat/sessions", json={"participants": participants}, headers=combat_engine.headers)
    session_id = str(data_of(started)["session_id"])
    report = {
        "winner_team": "blue",
        "finish_reason": "victory",
        "participants": {str(hero.id): outcome(gold_gained=100) for hero in heroes},
        **more,
    }
    data_of(client.post(f"/api/v1/combat/{session_id}/finish", json=report, headers=combat_engine.headers))
    return session_id


def test_the_result_is_shown_from_session_tombstone_and_history(
    app: Flask, client: FlaskClient, player: Player, combat_engine: Player, hero: Character, store: "redis.Redis"
) -> None:
    session_id = fight(client, player, combat_engine, hero)
    assert store.hget(f"cs:{session_id}", "status") == "finished"
    assert 0 < store.ttl(f"cs:{session_id}") <= 300
    assert store.hget(f"ac:{hero.id}", "last_combat_session_id") == session_id
    hot = data_of(press(client, player, session_id, hero.id, **RUSSIAN))
    assert hot == {
        "session_id": session_id,
        "status": "finished",
        "settlement_status": "pending",
        "result": hot["result"],
        "message": "Бой уже завершен!\nПобедитель: Синие\nНаграда: 100 золота",
        "ui": {"remove_keyboard": True, "button": "show_result"},
    }
    assert set(hot["result"]) == {"winner_team", "finish_reason", "finished_at", "participants"}
    run_outbox(app)
    assert not store.exists(f"cs:{session_id}")
    tombstone = f"combat:result_cache:{session_id}"
    assert 24 * 3600 - 60 < store.ttl(tombstone) <= 24 * 3600
    buried = data_of(press(client, player, session_id, hero.id, **RUSSIAN))
    assert buried == {**hot, "settlement_status": "processed"}
    store.flushall()
    cold = data_of(press(client, player, session_id, hero.id, **RUSSIAN))
    assert cold == buried
    assert store.exists(tombstone)
    with time_machine.travel(timedelta(hours=3)):
        store.flushall()
        token = new_player(app, ["support"])
        assert data_of(result(client, token, session_id, **RUSSIAN)) == cold
    english = data_of(result(client, player, session_id))
    assert english["message"] == "The fight is already over!\nWinner: Blue\nReward: 100 gold"


def test_a_fight_that_goes_on_shows_its_container(
    client: FlaskClient, player: Player, combat_engine: Player, hero: Character
) -> None:
    body = {"participants": [{"character_id": hero.id, "team": "blue"}]}
    session = data_of(client.post("/api/v1/combat/sessions", json=body, headers=player.headers))
    shown = data_of(result(client, player, session["session_id"]))
    assert {name: shown[name] for name in session} == session
    assert (shown["result"], shown["message"], shown["ui"], shown["settlement_status"]) == (None, None, None, None)


def test_each_is_told_his_own_reward_and_others_nothing(
    app: Flask, client: FlaskClient, player: Player, combat_engine: Player, hero: Character, store: "redis.Redis"
) -> None:
    ally = new_player(app)
    other = new_character(app, ally)
    payload = payload_of({hero.id: outcome(gold_gained=3), other.id: outcome(gold_gained=4)})
    payload["meta"]["winner_team"] = "wolves"
    data_of(client.post("/api/v1/combat/settlements", json=payload, headers=combat_engine.headers))
    for settled in (False, True):
        if settled:
            run_outbox(app)
        for flushed in (False, True):
            if flushed:
                store.flushall()
            for who, gold in ((player, 3), (ally, 4), (new_player(app, ["admin"]), 7)):
                message = data_of(result(client, who, payload["session_id"], **RUSSIAN))["message"]
                assert message == f"Бой уже завершен!\nПобедитель: wolves\nНаграда: {gold} золота"
            stranger = new_player(app)
            for answer in (
                result(client, stranger, payload["session_id"]),
                press(client, stranger, payload["session_id"], hero.id),
            ):
                assert error_of(answer) == (404, "COMBAT_NOT_FOUND")


def test_a_fight_that_failed_promises_nothing(
    app: Flask, client: FlaskClient, combat_engine: Player, hero: Character, player: Player, admin: Player
) -> None:
    payload = payload_of({hero.id: outcome(), 2**62: outcome()})
    payload["meta"]["winner_team"] = None
    data_of(client.post("/api/v1/combat/settlements", json=payload, headers=combat_engine.headers))
    run_outbox(app)
    shown = data_of(result(client, player, payload["session_id"], **RUSSIAN))
    assert (shown["settlement_status"], shown["message"]) == ("failed", "Бой уже завершен!\nПобедителя нет")
    path = f"/api/v1/admin/combat/settlements/{payload['session_id']}/retry"
    data_of(client.post(path, headers=admin.headers))
    assert data_of(result(client, player, payload["session_id"]))["settlement_status"] == "pending"


def test_presses_of_a_stale_button_ask_the_database_once(
    app: Flask,
    client: FlaskClient,
    player: Player,
    combat_engine: Player,
    hero: Character,
    store: "redis.Redis",
    statements: list[str],
) -> None:
    session_id = fight(client, player, combat_engine, hero)
    run_outbox(app)
    store.flushall()
    statements.clear()

    def press_often() -> set[int]:
        own = app.test_client()
        return {press(own, player, session_id, hero.id).status_code for _ in range(100)}

    assert at_once(app, [press_often] * 16) == [{200}] * 16
    assert len([sent for sent in statements if "combat_history" in sent]) == 1
    assert len(statements) == 1


def test_nonsense_is_asked_once_a_minute_too(
    app: Flask, client: FlaskClient, player: Player, hero: Character, store: "redis.Redis", statements: list[str]
) -> None:
    session_id = new_session_id()

    def press_often() -> set[int]:
        own = app.test_client()
        return {press(own, player, session_id, hero.id).status_code for _ in range(50)}

    assert at_once(app, [press_often] * 8) == [{404}] * 8
    assert len(statements) == 1
    assert 50 < store.ttl(f"combat:result_cache:{session_id}") <= 60


def test_what_was_nonsense_may_become_a_fight(
    client: FlaskClient, player: Player, combat_engine: Player, hero: Character
) -> None:
    session_id = new_session_id()
    assert error_of(result(client, player, session_id)) == (404, "COMBAT_NOT_FOUND")
    payload = payload_of({hero.id: outcome()}, session_id)
    data_of(client.post("/api/v1/combat/settlements", json=payload, headers=combat_engine.headers))
    assert data_of(result(client, player, session_id))["status"] == "finished"
    other = new_session_id()
    assert error_of(result(client, player, other)) == (404, "COMBAT_NOT_FOUND")
    body = {"session_id": other, "participants": [{"character_id": hero.id, "team": "blue"}]}
    data_of(client.post("/api/v1/combat/sessions", json=body, headers=player.headers))
    assert data_of(result(client, player, other))["status"] == "active"


def test_who_waits_for_a_dead_one_asks_himself_in_the_end(
    app: Flask, client: FlaskClient, player: Player, combat_engine: Player, hero: Character, store: "redis.Redis"
) -> None:
    session_id = fight(client, player, combat_engine, hero)
    run_outbox(app)
    store.flushall()
    store.set(f"combat:result_lock:{session_id}", "a dead process", px=300)
    assert data_of(result(client, player, session_id))["settlement_status"] == "processed"


def test_the_history_lists_fights_newest_first(
    app: Flask, client: FlaskClient, player: Player, combat_engine: Player, hero: Character
) -> None:
    sessions = [fight(client, player, combat_engine, hero) for _ in range(5)]
    run_outbox(app)
    path = f"/api/v1/characters/{hero.id}/combats"
    seen: list[Any] = []
    cursor = ""
    while True:
        page = data_of(client.get(f"{path}?limit=2{cursor}", headers=player.headers))
        seen += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert [item["session_id"] for item in seen] == sessions[::-1]
    assert set(seen[0]) == set(CombatsQuery.item_fields)
    assert {(item["winner_team"], item["finish_reason"], item["is_winner"], item["gold_gained"]) for item in seen} == {
        ("blue", "victory", True, 100)
    }
    assert {item["settlement_status"] for item in seen} == {"processed"}
    assert error_of(client.get(path, headers=new_player(app).headers)) == (404, "CHARACTER_NOT_FOUND")


TURNS = [{"turn": 1, "hit": 5.5}, {"turn": 2, "potion": "ёж"}, [3, None], "free", 10**25]


def replay(client: FlaskClient, who: Player, session_id: str, query: str = "") -> Any:
    return client.get(f"/api/v1/combat/{session_id}/replay{query}", headers=who.headers)


@pytest.fixture
def replayed(
    app: Flask, client: FlaskClient, player: Player, combat_engine: Player, hero: Character
) -> tuple[str, Player]:
    return fight(client, player, combat_engine, hero, replay_log=TURNS), player


def test_a_replay_is_as_it_was_handed_in(app: Flask, client: FlaskClient, replayed: tuple[str, Player]) -> None:
    session_id, player = replayed
    assert data_of(replay(client, player, session_id)) == {"session_id": session_id, "turns": TURNS}
    verified = data_of(replay(client, player, session_id, "?verify=1"))
    assert verified == {"session_id": session_id, "turns": TURNS, "verified": True, "first_bad_turn": None}
    assert error_of(replay(client, new_player(app), session_id)) == (404, "COMBAT_NOT_FOUND")
    assert error_of(replay(client, player, session_id, "?verify=maybe")) == (400, "VALIDATION_ERROR")


def stored_turns(sql: Sql, session_id: str) -> Any:
    (row,) = sql(
        "SELECT r.* FROM combat_replays r JOIN combat_history h ON h.id = r.combat_id WHERE h.session_id = :s",
        s=session_id,
    )
    return row


@pytest.mark.parametrize(
    ("change", "first_bad"),
    [
        (lambda text: text.replace(b'"hit":5.5', b'"hit":5.6'), 1),
        (lambda text: text.replace("ёж".encode(), "еж".encode()), 2),
        (lambda text: text.replace(b",[3,null]", b""), 3),
        (lambda text: text.replace(b'"free",', b'"free",0,'), 5),
        (lambda text: text.rpartition(b",")[0] + b"]", 5),
        (lambda text: text[:-1] + b",7]", 6),
        (lambda text: b"[]", 1),
    ],
)
def test_a_changed_turn_is_found(
    client: FlaskClient, replayed: tuple[str, Player], sql: Sql, change: Callable[[bytes], bytes], first_bad: int
) -> None:
    session_id, player = replayed
    row = stored_turns(sql, session_id)
    before = zlib.decompress(row.turns)
    assert change(before) != before
    sql(
        "UPDATE combat_replays SET turns = :turns WHERE combat_id = :id",
        turns=zlib.compress(change(before)),
        id=row.combat_id,
    )
    verified = data_of(replay(client, player, session_id, "?verify=1"))
    assert (verified["verified"], verified["first_bad_turn"]) == (False, first_bad)


@pytest.mark.parametrize("damage", [b"no zlib", zlib.compress(b"[1, 2"), zlib.compress(b" " * 9_000_000 + b"[]")])
def test_a_replay_that_cannot_be_read_says_so(
    client: FlaskClient, replayed: tuple[str, Player], sql: Sql, damage: bytes
) -> None:
    session_id, player = replayed
    sql(
        "UPDATE combat_replays SET turns = :turns WHERE combat_id = :id",
        turns=damage,
        id=stored_turns(sql, session_id).combat_id,
    )
    assert error_of(replay(client, player, session_id)) == (500, "REPLAY_DAMAGED")
    verified = data_of(replay(client, player, session_id, "?verify=1"))
    assert (verified["verified"], verified["first_bad_turn"], verified["turns"]) == (False, 1, [])


def test_a_fight_without_replay_has_no_turns(
    client: FlaskClient, player: Player, combat_engine: Player, hero: Character
) -> None:
    session_id = fight(client, player, combat_engine, hero)
    assert data_of(replay(client, player, session_id, "?verify=1"))["turns"] == []


def test_verify_mends_xp_and_gold_of_characters(
    app: Flask, client: FlaskClient, player: Player, combat_engine: Player, hero: Character, sql: Sql
) -> None:
    idle = new_character(app, player)
    fight(client, player, combat_engine, hero)
    run_outbox(app)
    sql("UPDATE characters SET gold = gold + 7, xp = 0 WHERE user_id = :id", id=player.id)
    with app.app_context():
        mended = [drift.mended for drift in find_drift(repair=True) if drift.user_id == player.id]
        assert [drift for drift in find_drift() if drift.user_id == player.id] == []
    assert mended == [True, True]
    rows = sql("SELECT id, xp, gold FROM characters WHERE user_id = :id ORDER BY id", id=player.id)
    assert [tuple(row) for row in rows] == [(hero.id, 10, 100), (idle.id, 0, 0)]


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        ("UPDATE characters SET gold = gold + 7 WHERE id = :id", ("characters", {"xp": 0, "gold": 7})),
        ("UPDATE characters SET xp = 0 WHERE id = :id", ("characters", {"xp": -10, "gold": 0})),
        ("UPDATE inventory SET quantity = 9 WHERE character_id = :id", ("inventory", {"quantity": 5})),
        ("DELETE FROM item_ledger WHERE character_id = :id", ("inventory", {"quantity": 4})),
    ],
)
def test_verify_finds_characters_that_differ_from_their_ledgers(
    app: Flask,
    client: FlaskClient,
    player: Player,
    combat_engine: Player,
    hero: Character,
    sql: Sql,
    damage: str,
    expected: tuple[str, dict[str, int]],
) -> None:
    give(app, hero, POTION, 4)
    fight(client, player, combat_engine, hero)
    run_outbox(app)
    with app.app_context():
        assert [drift for drift in find_drift() if drift.user_id == player.id] == []
        sql(damage, id=hero.id)
        found = [(drift.table, drift.difference) for drift in find_drift() if drift.user_id == player.id]
    assert found == [expected]
    for table in ("inventory", "item_ledger", "combat_participants"):
        sql(f"DELETE FROM {table} WHERE character_id = :id", id=hero.id)
    sql("DELETE FROM characters WHERE id = :id", id=hero.id)
