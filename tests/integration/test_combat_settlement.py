"""Finished fights: accepted once, settled once, or failed with a reason and nothing touched."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.rules.character_rules import Character
from app.schemas.combat import SettleCombat
from app.services import combat_settlement_service, outbox_service
from app.workers.handlers import HANDLERS
from tests.support.characters import PELT, POTION, SWORD, give, make_fresh_demo, make_templates, new_character
from tests.support.fights import outcome, payload_of, run_outbox, stacks, standing, status_of
from tests.support.players import Player, at_once, new_player

Sql = Callable[..., list[Any]]

# As the seed document prints it, comments removed, `[...]` an empty log.
SEED_PAYLOAD = """
{
  "session_id": "uuid-555-666",
  "meta": {
    "end_timestamp": 1735460000,
    "winner_team": "blue",
    "finish_reason": "victory"
  },
  "participants": {
    "101": {
      "is_winner": true,
      "state_snapshot": {
        "hp": 450,
        "energy": 20
      },
      "changes": {
        "xp_gained": 1250,
        "gold_gained": 100,
        "items_consumed": [
          { "inventory_id": 55, "item_template_id": "hp_pot_small", "qty": 2 }
        ],
        "durability_loss": { "item:sword_epic": 5 }
      },
      "ui_report": {
        "damage_dealt": 5000,
        "loot_obtained": [
           {"name": "Шкура волка", "qty": 1}
        ]
      }
    }
  },
  "replay_log": []
}
"""


@pytest.fixture
def engine_token(app: Flask) -> Player:
    """A foreign combat engine."""
    return new_player(app, ["system"])


@pytest.fixture
def hero(app: Flask, player: Player) -> Character:
    make_templates(app)
    return new_character(app, player)


def hand_in(client: FlaskClient, who: Player, payload: Any) -> Any:
    return client.post("/api/v1/combat/settlements", json=payload, headers=who.headers)


def drop_fight(sql: Sql, session_id: str) -> None:
    for row in sql("SELECT id FROM combat_history WHERE session_id = :id", id=session_id):
        sql("DELETE FROM combat_participants WHERE combat_id = :id", id=row.id)
        sql("DELETE FROM combat_history WHERE id = :id", id=row.id)


def test_the_seed_documents_payload_settles(app: Flask, client: FlaskClient, engine_token: Player, sql: Sql) -> None:
    drop_fight(sql, "uuid-555-666")
    make_fresh_demo(app, sql)
    answer = client.post(
        "/api/v1/combat/settlements",
        data=SEED_PAYLOAD.encode(),
        headers={**engine_token.headers, "Content-Type": "application/json"},
    )
    assert answer.status_code == 202
    data = answer.get_json()["data"]
    assert (data["session_id"], data["status"], data["settlement_status"]) == ("uuid-555-666", "finished", "pending")
    assert (data["result"]["winner_team"], data["result"]["finish_reason"]) == ("blue", "victory")
    run_outbox(app)
    assert status_of(sql, "uuid-555-666") == ("processed", None)
    (row,) = sql("SELECT hp, energy, xp, gold, last_combat_session_id AS last FROM characters WHERE id = 101")
    assert tuple(row) == (450, 20, 1250, 100, "uuid-555-666")
    items = sql(
        "SELECT item_template_id, quantity, slot, durability FROM inventory WHERE character_id = 101 ORDER BY id"
    )
    assert [tuple(item) for item in items] == [
        ("hp_pot_small", 3, "belt_1", None),
        ("sword_epic", 1, "weapon", 95),
        ("wolf_pelt", 1, None, None),
    ]


def test_the_same_fight_again_answers_the_same_and_another_content_is_409(
    app: Flask, client: FlaskClient, engine_token: Player, hero: Character, sql: Sql
) -> None:
    payload = payload_of({hero.id: outcome()})
    first = hand_in(client, engine_token, payload)
    run_outbox(app)
    again = hand_in(client, engine_token, payload)
    assert (again.status_code, again.get_json()) == (202, first.get_json())
    assert again.headers["Idempotency-Replayed"] == "true"
    other = hand_in(client, engine_token, {**payload, "replay_log": [{"hit": 1}]})
    assert (other.status_code, other.get_json()["error"]["code"]) == (409, "COMBAT_ALREADY_FINISHED")
    run_outbox(app)
    assert standing(sql, hero) == (50, 20, 10, 5)


def test_fifty_at_once_are_one_fight(app: Flask, engine_token: Player, hero: Character, sql: Sql) -> None:
    payload = payload_of({hero.id: outcome()})
    answers = at_once(app, [lambda: hand_in(app.test_client(), engine_token, payload) for _ in range(50)])
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.get_data() for answer in answers}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
    run_outbox(app)
    assert standing(sql, hero)[2:] == (10, 5)


def test_everything_that_a_fight_changes_changes(
    app: Flask, client: FlaskClient, engine_token: Player, hero: Character, sql: Sql
) -> None:
    potion = give(app, hero, POTION, 2, "belt_1")
    more = give(app, hero, POTION, 5, "belt_2")
    give(app, hero, SWORD, 1, "weapon")
    give(app, hero, PELT, 8)
    ally = new_character(app, new_player(app))
    consumed = [
        {"inventory_id": potion, "item_template_id": POTION.id, "qty": 1},
        {"inventory_id": potion, "item_template_id": POTION.id, "qty": 1},
        {"inventory_id": more, "item_template_id": POTION.id, "qty": 2},
    ]
    report = {"loot_obtained": [{"name": PELT.name, "qty": 15}, {"item_template_id": SWORD.id, "qty": 1}]}
    payload = payload_of(
        {
            hero.id: outcome(
                items_consumed=consumed,
                durability_loss={f"item:{SWORD.id}": 130},
                ui_report=report,
                state_snapshot={"hp": 1000, "energy": 2**31 - 1},
            ),
            ally.id: outcome(gold_gained=7),
        }
    )
    assert hand_in(client, engine_token, payload).status_code == 202
    run_outbox(app)
    assert standing(sql, hero) == (100, 100, 10, 5)  # hp and energy are capped at their maximum
    assert standing(sql, ally) == (50, 20, 10, 7)
    assert stacks(sql, hero) == [
        (POTION.id, 3, "belt_2", None),
        (SWORD.id, 1, "weapon", 0),
        (PELT.id, 10, None, None),
        (PELT.id, 10, None, None),
        (PELT.id, 3, None, None),
        (SWORD.id, 1, None, 100),
    ]
    ledger = sql(
        "SELECT item_template_id, SUM(quantity) FROM item_ledger WHERE character_id = :id"
        " GROUP BY item_template_id ORDER BY item_template_id",
        id=hero.id,
    )
    assert [(template, int(quantity)) for template, quantity in ledger] == [
        (PELT.id, 23),
        (POTION.id, 3),
        (SWORD.id, 2),
    ]


def consumed(inventory_id: int, quantity: int = 1, template: str = POTION.id) -> list[dict[str, Any]]:
    return [{"inventory_id": inventory_id, "item_template_id": template, "qty": quantity}]


IMPOSSIBLE = {
    "more than there was": (lambda own, bag, foreign: {"items_consumed": consumed(own, 4)}, "4 used, 3 there"),
    "more in two entries": (
        lambda own, bag, foreign: {"items_consumed": consumed(own, 2) * 2},
        "4 used, 3 there",
    ),
    "not in the belt": (lambda own, bag, foreign: {"items_consumed": consumed(bag)}, "is not in the belt"),
    "somebody else's": (lambda own, bag, foreign: {"items_consumed": consumed(foreign)}, "is not in the belt"),
    "no such item": (lambda own, bag, foreign: {"items_consumed": consumed(2**62)}, "is not in the belt"),
    "another template": (
        lambda own, bag, foreign: {"items_consumed": consumed(own, 1, "test_sword")},
        "is test_potion, not test_sword",
    ),
    "unknown loot": (
        lambda own, bag, foreign: {"ui_report": {"loot_obtained": [{"name": "Ничто", "qty": 1}]}},
        "unknown item Ничто",
    ),
    "nothing of it is worn": (
        lambda own, bag, foreign: {"durability_loss": {"item:test_sword": 1}},
        "wears no test_sword",
    ),
    "too much xp": (lambda own, bag, foreign: {"xp_gained": 2**63 - 1}, "cannot hold as much"),
    "too much loot": (
        lambda own, bag, foreign: {"ui_report": {"loot_obtained": [{"item_template_id": SWORD.id, "qty": 2**31 - 1}]}},
        "loot of 2147483647 stacks",
    ),
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_what_can_never_settle_fails_with_its_reason_and_touches_nothing(
    app: Flask, client: FlaskClient, engine_token: Player, hero: Character, sql: Sql, case: str
) -> None:
    ally = new_character(app, new_player(app))
    own, bag = give(app, hero, POTION, 3, "belt_1"), give(app, hero, POTION, 3)
    foreign = give(app, ally, POTION, 3, "belt_1")
    hand_in(client, engine_token, payload_of({hero.id: outcome(xp_gained=1), ally.id: outcome()}))
    run_outbox(app)
    before = [(standing(sql, who), stacks(sql, who)) for who in (hero, ally)]
    change, reason = IMPOSSIBLE[case]
    payload = payload_of({ally.id: outcome(), hero.id: outcome(**change(own, bag, foreign))})
    good = payload_of({hero.id: outcome(items_consumed=consumed(own, 3))})
    assert hand_in(client, engine_token, payload).status_code == 202
    run_outbox(app)
    status, failure = status_of(sql, payload["session_id"])
    assert (status, reason in str(failure)) == ("failed", True), failure
    assert [(standing(sql, who), stacks(sql, who)) for who in (hero, ally)] == before
    assert sql("SELECT COUNT(*) FROM dead_letters WHERE event_key = :s", s=payload["session_id"])[0][0] == 0
    assert hand_in(client, engine_token, good).status_code == 202
    run_outbox(app)
    assert status_of(sql, good["session_id"]) == ("processed", None)


def test_an_unknown_participant_fails_the_whole_fight(
    app: Flask, client: FlaskClient, engine_token: Player, hero: Character, sql: Sql
) -> None:
    payload = payload_of({hero.id: outcome(), 2**62: outcome()})
    assert hand_in(client, engine_token, payload).status_code == 202
    run_outbox(app)
    assert status_of(sql, payload["session_id"]) == ("failed", f"unknown participant {2**62}")
    assert standing(sql, hero) == (100, 100, 0, 0)
    rows = sql("SELECT 1 FROM combat_participants WHERE character_id = :id", id=2**62)
    assert rows == []  # nor is it the fight of whoever is called so later


def test_a_run_of_fights_settles_the_good_and_fails_the_bad(
    app: Flask, client: FlaskClient, engine_token: Player, hero: Character, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(combat_settlement_service, "FIGHTS_AT_ONCE", 2)
    potion = give(app, hero, POTION, 3, "belt_1")
    payloads = [payload_of({hero.id: outcome(items_consumed=consumed(potion))}) for _ in range(5)]
    for payload in payloads:
        hand_in(client, engine_token, payload)
    sql("UPDATE outbox SET shard = 7, event_key = 'one run' WHERE done_at IS NULL")
    run_outbox(app)
    assert [status_of(sql, payload["session_id"])[0] for payload in payloads] == ["processed"] * 3 + ["failed"] * 2
    assert standing(sql, hero)[2:] == (30, 15)
    assert stacks(sql, hero) == []


def test_an_older_fight_that_settles_late_leaves_the_newer_hp(
    app: Flask, client: FlaskClient, engine_token: Player, hero: Character, sql: Sql
) -> None:
    older = payload_of({hero.id: outcome(state_snapshot={"hp": 1, "energy": 1})})
    newer = payload_of({hero.id: outcome(state_snapshot={"hp": 2, "energy": 2})})
    hand_in(client, engine_token, older)
    sql(
        "UPDATE outbox SET available_at = '2999-01-01' WHERE event_key = :s AND done_at IS NULL",
        s=older["session_id"],
    )
    hand_in(client, engine_token, newer)
    run_outbox(app)
    sql("UPDATE outbox SET available_at = NULL WHERE event_key = :s", s=older["session_id"])
    run_outbox(app)
    assert status_of(sql, older["session_id"]) == ("processed", None)
    assert standing(sql, hero) == (2, 2, 20, 10)
    (row,) = sql("SELECT last_combat_session_id AS last FROM characters WHERE id = :id", id=hero.id)
    assert row.last == newer["session_id"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("session_id", "a b"),
        ("session_id", "x" * 65),
        ("meta.finish_reason", "won"),
        ("meta.end_timestamp", "now"),
        ("meta.end_timestamp", 1.5),
        ("meta.winner_team", 7),
        ("meta.more", 1),
        ("participants", {}),
        ("participants.7.is_winner", "yes"),
        ("participants.7.state_snapshot.hp", -1),
        ("participants.7.state_snapshot.hp", 2**31),
        ("participants.7.state_snapshot.energy", True),
        ("participants.7.changes.xp_gained", -1),
        ("participants.7.changes.gold_gained", -1),
        ("participants.7.changes.gold_gained", 1.0),
        ("participants.7.changes.items_consumed", {}),
        ("participants.7.changes.items_consumed.0.qty", -2),
        ("participants.7.changes.items_consumed.0.qty", 0),
        ("participants.7.changes.items_consumed.0.inventory_id", "55"),
        ("participants.7.changes.durability_loss", {"sword": 1}),
        ("participants.7.changes.durability_loss.item:sword", -1),
        ("participants.7.ui_report.loot_obtained", {}),
        ("participants.7.ui_report.loot_obtained.0.qty", -1),
        ("replay_log", {}),
    ],
)
def test_a_wrong_shape_is_400_and_names_its_field(
    client: FlaskClient, engine_token: Player, sql: Sql, path: str, value: Any
) -> None:
    report = {"loot_obtained": [{"name": "x", "qty": 1}]}
    payload = payload_of({7: outcome(items_consumed=consumed(55), durability_loss={"item:a": 1}, ui_report=report)})
    parts: list[Any] = [int(part) if part.isdecimal() and part != "7" else part for part in path.split(".")]
    node: Any = payload
    for part in parts[:-1]:
        node = node[part]
    node[parts[-1]] = value
    answer = hand_in(client, engine_token, payload)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "VALIDATION_ERROR")
    details = answer.get_json()["error"]["details"]
    assert len(details) == 1, details
    named = next(iter(details))
    assert named == path or path.startswith(named) or named.startswith(path), details
    assert sql("SELECT COUNT(*) FROM combat_history WHERE session_id = :s", s=payload["session_id"])[0][0] == 0


def test_every_bad_field_is_named_at_once(client: FlaskClient, engine_token: Player) -> None:
    payload = payload_of({7: outcome(xp_gained=-1, gold_gained=-5)})
    del payload["meta"]
    details = hand_in(client, engine_token, payload).get_json()["error"]["details"]
    assert details == {
        "meta": "object required",
        "participants.7.changes.xp_gained": "int >= 0 required",
        "participants.7.changes.gold_gained": "int >= 0 required",
    }


@pytest.mark.parametrize(
    "keys", ['"7": {}, "7": {}', '"7": {}, "07": {}', '"0": {}', '"-7": {}', '"9223372036854775808": {}']
)
def test_a_participant_twice_or_of_no_id_is_400(client: FlaskClient, engine_token: Player, keys: str) -> None:
    one = (
        '{"is_winner": true, "state_snapshot": {"hp": 1, "energy": 1},'
        ' "changes": {"xp_gained": 1, "gold_gained": 1}, "ui_report": {}}'
    )
    body = (
        '{"session_id": "twice", "meta": {"end_timestamp": 1, "winner_team": "blue", "finish_reason": "draw"},'
        f' "participants": {{{keys.replace("{}", one)}}}}}'
    )
    answer = client.post(
        "/api/v1/combat/settlements",
        data=body,
        headers={**engine_token.headers, "Content-Type": "application/json"},
    )
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "VALIDATION_ERROR")


def test_free_json_may_be_anything_that_json_can_say(
    app: Flask, client: FlaskClient, engine_token: Player, hero: Character, sql: Sql
) -> None:
    for report in (None, 7, "text", [1, {"deep": [None]}], {"n": 10**30, "f": 1.5, "ёж": "🦔"}):
        payload = payload_of({hero.id: outcome(ui_report=report)}, replay_log=[report, 1, None])
        answer = hand_in(client, engine_token, payload)
        assert answer.status_code == 202
        assert answer.get_json()["data"]["result"]["participants"][str(hero.id)]["ui_report"] == report
    headers = {**engine_token.headers, "Content-Type": "application/json"}
    for number in (b"1e999", b"NaN", b"-Infinity"):
        body = b'{"session_id": "x", "replay_log": [%s]}' % number
        assert client.post("/api/v1/combat/settlements", data=body, headers=headers).status_code == 400


def test_players_hand_in_nothing(client: FlaskClient, player: Player, hero: Character) -> None:
    assert hand_in(client, player, payload_of({hero.id: outcome()})).status_code == 403


def test_staff_list_retry_and_reject(
    app: Flask, client: FlaskClient, engine_token: Player, admin: Player, hero: Character, sql: Sql
) -> None:
    base = "/api/v1/admin/combat/settlements"
    potion = give(app, hero, POTION, 1)
    retried = payload_of({hero.id: outcome(items_consumed=consumed(potion))})
    rejected = payload_of({hero.id: outcome(items_consumed=consumed(potion))})
    for payload in (retried, rejected):
        hand_in(client, engine_token, payload)
    run_outbox(app)
    page = client.get(f"{base}?status=failed&limit=2", headers=admin.headers).get_json()["data"]
    assert [item["session_id"] for item in page["items"]] == [rejected["session_id"], retried["session_id"]]
    assert page["items"][0]["failure_reason"] == f"item {potion} is not in the belt of character {hero.id}"

    body = {"inventory_id": potion, "slot": "belt_3"}
    client.post(f"/api/v1/characters/{hero.id}/equip", json=body, headers=admin.headers)
    assert client.post(f"{base}/{retried['session_id']}/retry", headers=admin.headers).status_code == 202
    again = client.post(f"{base}/{retried['session_id']}/retry", headers=admin.headers)
    assert (again.status_code, again.get_json()["data"]["settlement_status"]) == (202, "pending")
    reject = f"{base}/{rejected['session_id']}/reject"
    for _ in range(2):
        answer = client.post(reject, json={"reason": "cheat"}, headers=admin.headers)
        assert answer.status_code == 200
    assert answer.get_json()["data"]["failure_reason"] == "rejected: cheat"
    run_outbox(app)
    assert status_of(sql, retried["session_id"]) == ("processed", None)
    assert status_of(sql, rejected["session_id"]) == ("failed", "rejected: cheat")
    for path, body in (
        (f"{rejected['session_id']}/retry", None),
        (f"{retried['session_id']}/retry", None),
        (f"{retried['session_id']}/reject", {"reason": "late"}),
    ):
        answer = client.post(f"{base}/{path}", json=body, headers=admin.headers)
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "CONFLICT")
    for path, body in (("nothing/retry", None), ("nothing/reject", {"reason": "x"})):
        assert client.post(f"{base}/{path}", json=body, headers=admin.headers).status_code == 404
    actions = sql("SELECT action FROM audit_log WHERE actor_id = :id ORDER BY id", id=admin.id)
    assert [row.action for row in actions] == ["settlement.retry", "settlement.reject"]


def test_a_rejected_fight_that_waits_is_not_settled(
    app: Flask, client: FlaskClient, engine_token: Player, admin: Player, hero: Character, sql: Sql
) -> None:
    payload = payload_of({hero.id: outcome()})
    hand_in(client, engine_token, payload)
    path = f"/api/v1/admin/combat/settlements/{payload['session_id']}/reject"
    assert client.post(path, json={"reason": "cheat"}, headers=admin.headers).status_code == 200
    run_outbox(app)
    assert status_of(sql, payload["session_id"]) == ("failed", "rejected: cheat")
    assert standing(sql, hero) == (100, 100, 0, 0)


def test_figures_count_what_waits_and_what_failed(
    app: Flask, client: FlaskClient, engine_token: Player, hero: Character, sql: Sql
) -> None:
    run_outbox(app)
    with app.app_context():
        before = combat_settlement_service.get_figures()
        hand_in(client, engine_token, payload_of({hero.id: outcome()}))
        hand_in(client, engine_token, payload_of({2**62: outcome()}))
        sql(
            "UPDATE combat_history SET finished_at = finished_at - INTERVAL 90 SECOND"
            " WHERE settlement_status = 'pending'"
        )
        waiting = combat_settlement_service.get_figures()
        run_outbox(app)
        after = combat_settlement_service.get_figures()
    assert (waiting.pending - before.pending, after.pending, after.failed - before.failed) == (2, 0, 1)
    assert 90 <= waiting.oldest_pending_seconds < 120
    assert after.oldest_pending_seconds == 0


def test_fights_over_the_same_characters_settle_at_once_and_add_up(app: Flask, engine_token: Player, sql: Sql) -> None:
    chance = random.Random(5)
    make_templates(app)
    heroes = [new_character(app, new_player(app)) for _ in range(8)]
    potions = {hero.id: give(app, hero, POTION, 20, "belt_1") for hero in heroes}
    fights = [
        payload_of({hero.id: outcome(items_consumed=consumed(potions[hero.id])) for hero in chance.sample(heroes, 3)})
        for _ in range(50)
    ]
    with app.app_context():
        for fight in fights:
            combat_settlement_service.accept_fight(SettleCombat.model_validate(fight).as_fight())
    at_once(app, [lambda: run_outbox_beside_others() for _ in range(6)])
    run_outbox(app)
    for hero in heroes:
        mine = [fight for fight in fights if str(hero.id) in fight["participants"]]
        settled = [fight for fight in mine if status_of(sql, fight["session_id"])[0] == "processed"]
        assert standing(sql, hero)[2:] == (10 * len(settled), 5 * len(settled))
        assert sum(quantity for _, quantity, _, _ in stacks(sql, hero)) == 20 - len(settled)
    assert sql("SELECT COUNT(*) FROM dead_letters WHERE event_type = 'combat.finished'")[0][0] == 0


def run_outbox_beside_others() -> None:
    """A relay and a worker among others."""
    for _ in range(20):
        lease = outbox_service.lease_shards()
        for shard in lease.shards:
            outbox_service.apply_shard(shard, lease.token, HANDLERS)
