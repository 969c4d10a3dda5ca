"""Characters with something in their belts."""

import itertools
import os
from collections.abc import Callable
from typing import Any

from flask import Flask

from app.rules.character_rules import Character, ItemTemplate
from app.services import character_service, demo_service, inventory_service, item_service
from tests.support.players import Player

POTION = ItemTemplate("test_potion", "Test potion", max_stack=20, max_durability=None)
SWORD = ItemTemplate("test_sword", "Test sword", max_stack=1, max_durability=100)
PELT = ItemTemplate("test_pelt", "Волчья шкура для тестов", max_stack=10, max_durability=None)
_numbers = itertools.count(1)


def make_templates(app: Flask) -> None:
    with app.app_context():
        for template in (POTION, SWORD, PELT):
            item_service.create_item_template(template)


def make_fresh_demo(app: Flask, sql: Callable[..., list[Any]]) -> None:
    """Demo data with the character 101 as he was on the first day."""
    sql("DELETE FROM characters WHERE id = 101")
    for table in ("inventory", "item_ledger", "combat_participants"):
        sql(f"DELETE FROM {table} WHERE character_id = 101")
    with app.app_context():
        demo_service.create_demo_data()


def new_template_id() -> str:
    return f"t{os.getpid()}_{next(_numbers)}"


def new_character(app: Flask, player: Player, name: str = "Hero") -> Character:
    with app.app_context():
        return character_service.create_character(user_id=player.id, name=name, idempotency_key=None)[0]


def give(app: Flask, character: Character, template: ItemTemplate, quantity: int, slot: str | None = None) -> int:
    """A stack for the character, equipped if a slot is named; returns its inventory id."""
    make_templates(app)
    with app.app_context():
        item, _ = item_service.grant_item(
            character.id,
            item_template_id=template.id,
            quantity=quantity,
            actor_id=1,
            request_id="req_test",
            idempotency_key=None,
        )
        if slot is not None:
            inventory_service.equip_item(character.id, owner_id=None, inventory_id=item.id, slot=slot)
        return item.id
