"""What fights do to characters: completely, or not at all."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.rules.character_rules import MAX_ENERGY, Character, InventoryItem, ItemTemplate
from app.rules.combat_rules import ConsumedItem, Loot, Outcome
from app.rules.settlement_rules import MAX_TOTAL, PendingFight, Settlement, Standing, settle_fights

HERO = Character(1, 10, "Hero", 100, 100, 100, 0, 0, None, None, 0)
ALLY = replace(HERO, id=2, user_id=20)
POTION = ItemTemplate("potion", "Potion", max_stack=5, max_durability=None)
SWORD = ItemTemplate("sword", "Sword", max_stack=1, max_durability=100)


def stack(item_id: int, template: ItemTemplate, quantity: int, slot: str | None, owner: int = 1) -> InventoryItem:
    return InventoryItem(item_id, owner, template.id, template.name, quantity, slot, template.max_durability)


def outcome(character_id: int = 1, **changes: Any) -> Outcome:
    return replace(Outcome(character_id, True, 50, 20, 10, 5, (), (), ()), **changes)


def fight(number: int, *outcomes: Outcome, roster: list[int] | None = None) -> PendingFight:
    return PendingFight(number, f"s-{number}", outcomes, roster)


def settle(*fights: PendingFight, items: tuple[InventoryItem, ...] = (), hero: Character = HERO) -> Settlement:
    return settle_fights(fights, Standing([hero, ALLY], items, [POTION, SWORD]))


def test_a_fight_pays_and_leaves_its_hp() -> None:
    settlement = settle(fight(7, outcome(hp=500, energy=500)))
    assert settlement.characters == [
        replace(HERO, xp=10, gold=5, hp=100, energy=MAX_ENERGY, last_combat_session_id="s-7", state_combat_id=7)
    ]
    assert settlement.failures == {}


def test_an_older_fight_pays_and_leaves_hp_alone() -> None:
    settlement = settle(fight(9, outcome(hp=1)), fight(8, outcome(hp=2)))
    (hero,) = settlement.characters
    assert (hero.xp, hero.hp, hero.last_combat_session_id) == (20, 1, "s-9")


def test_a_character_who_was_sent_elsewhere_stays_there() -> None:
    settlement = settle(fight(7, outcome()), hero=replace(HERO, session_id="s-8", last_combat_session_id="s-8"))
    (hero,) = settlement.characters
    assert (hero.session_id, hero.last_combat_session_id, hero.hp) == ("s-8", "s-8", 50)
    here = settle(fight(7, outcome()), hero=replace(HERO, session_id="s-7"))
    assert here.characters[0].session_id is None


def test_one_participant_who_cannot_be_settled_spoils_the_fight_for_all() -> None:
    settlement = settle(fight(7, outcome(2), outcome(1, xp=MAX_TOTAL + 1)), fight(8, outcome(2)))
    assert list(settlement.failures) == [7]
    assert [(character.id, character.xp) for character in settlement.characters] == [(2, 10)]


def test_who_is_not_in_the_session_is_unknown() -> None:
    assert "not in the session" in settle(fight(7, outcome(2), roster=[1])).failures[7]
    assert settle(fight(7, outcome(3))).failures == {7: "unknown participant 3"}


def test_wear_stops_at_nothing_and_needs_something_worn() -> None:
    worn = settle(fight(7, outcome(wear=(("sword", 130),))), items=(stack(5, SWORD, 1, "weapon"),))
    assert [(change.quantity, change.durability) for change in worn.stack_changes] == [(0, 0)]
    in_the_bag = settle(fight(7, outcome(wear=(("sword", 1),))), items=(stack(5, SWORD, 1, None),))
    assert list(in_the_bag.failures) == [7]


def test_loot_fills_stacks_before_it_begins_new_ones() -> None:
    items = (stack(5, POTION, 3, None), stack(6, POTION, 1, "belt_1"))
    settlement = settle(fight(7, outcome(loot=(Loot(None, "Potion", 8), Loot("potion", None, 1)))), items=items)
    assert [(change.inventory_id, change.quantity) for change in settlement.stack_changes] == [(5, 2)]
    assert [new.quantity for new in settlement.new_stacks] == [5, 2]


def test_an_emptied_belt_slot_is_empty_for_the_next_fight() -> None:
    used = outcome(consumed=(ConsumedItem(6, "potion", 2),))
    settlement = settle(fight(7, used), fight(8, used), items=(stack(6, POTION, 2, "belt_1"),))
    assert settlement.failures == {8: "item 6 is not in the belt of character 1"}
    standing = Standing([HERO], (stack(6, POTION, 2, "belt_1"),), [])
    assert [item.quantity for item in standing.belt_of(1)] == [2]
    standing.apply(fight(7, used))
    assert standing.belt_of(1) == []


OUTCOMES = st.builds(
    lambda hero, xp, used, won: outcome(
        hero,
        xp=xp,
        consumed=tuple(ConsumedItem(10 + hero, "potion", quantity) for quantity in used),
        loot=tuple(Loot("potion", None, quantity) for quantity in won),
    ),
    st.sampled_from([1, 2]),
    st.integers(0, 1000),
    st.lists(st.integers(1, 4), max_size=3),
    st.lists(st.integers(1, 12), max_size=2),
)


@given(st.lists(OUTCOMES, max_size=12))
def test_whatever_is_handed_in_the_books_balance(outcomes: list[Outcome]) -> None:
    items = tuple(stack(10 + hero, POTION, 5, "belt_1", owner=hero) for hero in (1, 2))
    fights = [fight(number, fought) for number, fought in enumerate(outcomes, start=1)]
    settlement = settle(*fights, items=items)
    settled = [fought.outcomes[0] for fought in fights if fought.id not in settlement.failures]
    for hero in (1, 2):
        own = [fought for fought in settled if fought.character_id == hero]
        used = sum(item.quantity for fought in own for item in fought.consumed)
        won = sum(loot.quantity for fought in own for loot in fought.loot)
        changed = sum(c.quantity for c in settlement.stack_changes if c.character_id == hero)
        new = [stack.quantity for stack in settlement.new_stacks if stack.character_id == hero]
        moved = sum(m.quantity for m in settlement.movements if m.character_id == hero)
        assert used <= 5
        assert changed + sum(new) == won - used == moved
        assert all(0 < quantity <= POTION.max_stack for quantity in new)
        (xp,) = [c.xp for c in settlement.characters if c.id == hero] or [0]
        assert xp == sum(fought.xp for fought in own)
