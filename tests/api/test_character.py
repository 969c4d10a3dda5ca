"""Characters and what they hold, as the contract writes them down."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.services import user_service
from tests.support.characters import (
    POTION,
    SWORD,
    give,
    make_fresh_demo,
    make_templates,
    new_character,
    new_template_id,
)
from tests.support.players import Player, at_once, new_player


def post(client: FlaskClient, path: str, who: Player, body: Any, **headers: str) -> Any:
    return client.post(path, json=body, headers={**who.headers, **headers})


def get(client: FlaskClient, path: str, who: Player) -> Any:
    return client.get(path, headers=who.headers)


def error_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["error"]["code"]


def test_a_new_character_is_in_full_health_and_its_owners_alone(
    app: Flask, client: FlaskClient, player: Player, admin: Player
) -> None:
    created = post(client, "/api/v1/characters", player, {"name": "Ёжик"})
    data = created.get_json()["data"]
    assert created.status_code == 201
    assert {**data, "id": 0} == {
        "id": 0,
        "user_id": player.id,
        "name": "Ёжик",
        "hp": 100,
        "max_hp": 100,
        "energy": 100,
        "xp": 0,
        "gold": 0,
        "last_combat_session_id": None,
    }
    path = f"/api/v1/characters/{data['id']}"
    assert get(client, path, player).get_json()["data"] == data
    assert get(client, path, admin).get_json()["data"] == data
    assert get(client, path, new_player(app, ["system"])).status_code == 200
    for what in ("", "/inventory"):
        assert error_of(get(client, path + what, new_player(app))) == (404, "CHARACTER_NOT_FOUND")


def test_one_lists_ones_own_characters(app: Flask, client: FlaskClient, player: Player) -> None:
    ids = [new_character(app, player, f"Hero {number}").id for number in range(3)]
    new_character(app, new_player(app))
    page = get(client, "/api/v1/characters?limit=2&offset=1", player).get_json()["data"]
    assert [item["id"] for item in page["items"]] == ids[1:]
    assert (page["total"], page["limit"], page["offset"]) == (3, 2, 1)


def test_the_same_idempotency_key_makes_one_character(app: Flask, client: FlaskClient, player: Player) -> None:
    def create() -> Any:
        return post(app.test_client(), "/api/v1/characters", player, {"name": "Twin"}, **{"Idempotency-Key": "twin"})

    answers = at_once(app, [create] * 5)
    assert len({answer.get_json()["data"]["id"] for answer in answers}) == 1
    assert get(client, "/api/v1/characters", player).get_json()["data"]["total"] == 1


@pytest.mark.parametrize("name", ["", " ", " a", "a\n", "x" * 51, 7, None])
def test_an_unreadable_name_is_400(client: FlaskClient, player: Player, name: Any) -> None:
    answer = post(client, "/api/v1/characters", player, {"name": name})
    assert error_of(answer) == (400, "VALIDATION_ERROR")
    assert set(answer.get_json()["error"]["details"]) == {"name"}


def test_items_are_given_listed_equipped_and_taken_off(
    app: Flask, client: FlaskClient, player: Player, admin: Player
) -> None:
    make_templates(app)
    character = new_character(app, player)
    path = f"/api/v1/characters/{character.id}"
    given = post(
        client, f"/api/v1/admin/characters/{character.id}/items", admin, {"item_template_id": POTION.id, "quantity": 5}
    )
    row = given.get_json()["data"]
    assert given.status_code == 201
    assert {**row, "inventory_id": 0} == {
        "inventory_id": 0,
        "item_template_id": POTION.id,
        "name": POTION.name,
        "quantity": 5,
        "is_equipped": False,
        "slot": None,
        "durability": None,
    }
    potion = row["inventory_id"]
    sword = give(app, character, SWORD, 1)
    assert get(client, f"{path}/inventory", player).get_json()["data"]["items"][1]["durability"] == 100
    equipped = post(client, f"{path}/equip", player, {"inventory_id": potion, "slot": "belt_1"})
    assert equipped.get_json()["data"] == {**row, "is_equipped": True, "slot": "belt_1"}
    # a slot holds one: what stood there goes back into the bag
    assert post(client, f"{path}/equip", player, {"inventory_id": sword, "slot": "belt_1"}).status_code == 200
    inventory = get(client, f"{path}/inventory", player).get_json()["data"]
    assert [(item["inventory_id"], item["slot"]) for item in inventory["items"]] == [(potion, None), (sword, "belt_1")]
    assert inventory["total"] == 2
    for _ in range(2):
        taken_off = post(client, f"{path}/unequip", player, {"inventory_id": sword})
        assert taken_off.get_json()["data"]["is_equipped"] is False


def test_other_peoples_items_and_characters_look_absent(app: Flask, client: FlaskClient, player: Player) -> None:
    own, foreign = new_character(app, player), new_character(app, new_player(app))
    potion = give(app, foreign, POTION, 1)
    body = {"inventory_id": potion, "slot": "belt_1"}
    assert error_of(post(client, f"/api/v1/characters/{foreign.id}/equip", player, body)) == (
        404,
        "CHARACTER_NOT_FOUND",
    )
    assert error_of(post(client, f"/api/v1/characters/{own.id}/equip", player, body)) == (404, "ITEM_NOT_FOUND")
    unequip = post(client, f"/api/v1/characters/{own.id}/unequip", player, {"inventory_id": potion})
    assert error_of(unequip) == (404, "ITEM_NOT_FOUND")


@pytest.mark.parametrize("slot", ["belt_0", "belt_5", "belt_01", "belt_x", "belt", "Weapon", "", "a b", 1])
def test_a_slot_that_is_none_is_400(client: FlaskClient, player: Player, slot: Any) -> None:
    answer = post(client, "/api/v1/characters/1/equip", player, {"inventory_id": 1, "slot": slot})
    assert error_of(answer) == (400, "VALIDATION_ERROR")
    assert set(answer.get_json()["error"]["details"]) == {"slot"}


def test_two_items_put_into_one_slot_at_once_leave_one_there(app: Flask, player: Player) -> None:
    character = new_character(app, player)
    potions = [give(app, character, POTION, 1) for _ in range(6)]
    path = f"/api/v1/characters/{character.id}"

    def equip(inventory_id: int) -> int:
        body = {"inventory_id": inventory_id, "slot": "belt_2"}
        return int(post(app.test_client(), f"{path}/equip", player, body).status_code)

    assert at_once(app, [lambda i=i: equip(i) for i in potions]) == [200] * 6
    rows = get(app.test_client(), f"{path}/inventory", player).get_json()["data"]["items"]
    assert [row["slot"] for row in rows].count("belt_2") == 1


def test_templates_are_made_once_and_listed(client: FlaskClient, player: Player, admin: Player) -> None:
    body = {"id": new_template_id(), "name": new_template_id(), "max_stack": 1, "max_durability": 50}
    assert error_of(post(client, "/api/v1/admin/item-templates", player, body)) == (403, "FORBIDDEN")
    for replayed in (None, "true"):
        answer = post(client, "/api/v1/admin/item-templates", admin, body)
        assert (answer.status_code, answer.get_json()["data"]) == (201, body)
        assert answer.headers.get("Idempotency-Replayed") == replayed
    assert error_of(post(client, "/api/v1/admin/item-templates", admin, {**body, "max_stack": 2})) == (409, "CONFLICT")
    same_name = {**body, "id": new_template_id()}
    assert error_of(post(client, "/api/v1/admin/item-templates", admin, same_name)) == (409, "CONFLICT")
    total = get(client, "/api/v1/admin/item-templates?limit=1", admin).get_json()["data"]["total"]
    last = get(client, f"/api/v1/admin/item-templates?limit=1&offset={total - 1}", admin).get_json()["data"]
    assert len(last["items"]) == 1


def test_what_cannot_be_given_is_refused(app: Flask, client: FlaskClient, player: Player, admin: Player) -> None:
    make_templates(app)
    path = f"/api/v1/admin/characters/{new_character(app, player).id}/items"
    for body, error in (
        ({"item_template_id": "no_such_thing", "quantity": 1}, (404, "ITEM_TEMPLATE_NOT_FOUND")),
        ({"item_template_id": SWORD.id, "quantity": 2}, (400, "VALIDATION_ERROR")),
        ({"item_template_id": SWORD.id, "quantity": 0}, (400, "VALIDATION_ERROR")),
        ({"item_template_id": SWORD.id}, (400, "VALIDATION_ERROR")),
    ):
        assert error_of(post(client, path, admin, body)) == error
    body = {"item_template_id": SWORD.id, "quantity": 1}
    assert error_of(post(client, "/api/v1/admin/characters/999999999/items", admin, body)) == (
        404,
        "CHARACTER_NOT_FOUND",
    )
    first, again = (post(client, path, admin, body, **{"Idempotency-Key": "k"}) for _ in range(2))
    assert first.get_json()["data"] == again.get_json()["data"]


def test_demo_has_the_character_of_the_example(app: Flask, client: FlaskClient, sql: Callable[..., list[Any]]) -> None:
    make_fresh_demo(app, sql)
    with app.app_context():
        demo = user_service.get_user_by_username("demo")
    admin = new_player(app, ["admin"])
    character = get(client, "/api/v1/characters/101", admin).get_json()["data"]
    assert (character["user_id"], character["max_hp"], character["hp"], character["gold"]) == (demo.id, 500, 500, 0)
    items = get(client, "/api/v1/characters/101/inventory", admin).get_json()["data"]["items"]
    by_template = {item["item_template_id"]: item for item in items}
    potion, sword = by_template["hp_pot_small"], by_template["sword_epic"]
    assert (potion["inventory_id"], potion["quantity"], potion["slot"]) == (55, 5, "belt_1")
    assert (sword["is_equipped"], sword["durability"]) == (True, 100)
