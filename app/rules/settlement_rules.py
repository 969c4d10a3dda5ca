"""What finished fights do to characters and what they hold: decided as a whole, before anything is written.

A fight settles completely or fails with a reason and touches nothing; the next one of the same run sees what the one
before it left.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from app.rules.character_rules import MAX_ENERGY, Character, InventoryItem, ItemTemplate, is_belt_slot
from app.rules.combat_rules import Loot, Outcome

MAX_TOTAL = 2**63 - 1  # of xp and gold
MAX_NEW_STACKS = 1_000  # of one fight


@dataclass(frozen=True, slots=True)
class PendingFight:
    """A fight to settle. Only characters of the `roster` took part, if there is one."""

    id: int
    session_id: str
    outcomes: Sequence[Outcome]
    roster: Collection[int] | None


@dataclass(frozen=True, slots=True)
class SettlementRow:
    """A settlement as staff see it."""

    id: int
    session_id: str
    settlement_status: str
    finished_at: datetime
    settled_at: datetime | None
    failure_reason: str | None
    rejected_at: datetime | None


@dataclass(frozen=True, slots=True)
class StackChange:
    """What happens to a stack: `quantity` is added to it, `durability` is what is left."""

    character_id: int
    inventory_id: int
    quantity: int
    durability: int | None


@dataclass(frozen=True, slots=True)
class NewStack:
    """Loot that found no room in a stack that was there."""

    character_id: int
    item_template_id: str
    quantity: int
    durability: int | None


@dataclass(frozen=True, slots=True)
class Movement:
    """An entry of the item ledger; `quantity` is below zero for what was used up."""

    character_id: int
    item_template_id: str
    quantity: int
    source: str
    combat_id: int


@dataclass(slots=True)
class Settlement:
    """What a run of fights changes. `failures` gives the reasons of those that cannot be settled, by their ids."""

    characters: list[Character] = field(default_factory=list)
    stack_changes: list[StackChange] = field(default_factory=list)
    new_stacks: list[NewStack] = field(default_factory=list)
    movements: list[Movement] = field(default_factory=list)
    failures: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Stack:
    """A stack while fights change it; `item` is the row it comes from, None for a new one."""

    character_id: int
    item_template_id: str
    quantity: int
    durability: int | None
    slot: str | None
    item: InventoryItem | None


class Standing:
    """Characters and what of theirs fights can touch, as it stands after the fights applied so far."""

    def __init__(
        self, characters: Iterable[Character], items: Iterable[InventoryItem], templates: Iterable[ItemTemplate]
    ) -> None:
        self._characters = {character.id: character for character in characters}
        self._before = dict(self._characters)
        self._by_template_id = {template.id: template for template in templates}
        self._by_template_name = {template.name: template for template in self._by_template_id.values()}
        self._stacks = {
            item.id: _Stack(item.character_id, item.item_template_id, item.quantity, item.durability, item.slot, item)
            for item in items
        }
        self._held: defaultdict[int, list[_Stack]] = defaultdict(list)
        for _, stack in sorted(self._stacks.items()):
            self._held[stack.character_id].append(stack)
        self._new: list[_Stack] = []
        self._movements: list[Movement] = []

    def apply(self, fight: PendingFight) -> str | None:
        """Apply a fight, or return why it can never be applied and leave everything as it was."""
        reason = next(filter(None, (self._refusal(fight, outcome) for outcome in fight.outcomes)), None)
        if reason is None:
            for outcome in fight.outcomes:
                self._apply_outcome(fight, outcome)
        return reason

    def belt_of(self, character_id: int) -> list[InventoryItem]:
        """What is left in the belt, by slot."""
        return sorted(
            (
                replace(stack.item, quantity=stack.quantity)
                for stack in self._held[character_id]
                if stack.item is not None and stack.quantity > 0 and stack.slot is not None and is_belt_slot(stack.slot)
            ),
            key=lambda item: (len(item.slot or ""), item.slot),
        )

    def character(self, character_id: int) -> Character:
        """The character as it stands."""
        return self._characters[character_id]

    def changes(self) -> Settlement:
        """Everything that the applied fights changed."""
        return Settlement(
            characters=[now for now in self._characters.values() if now != self._before[now.id]],
            stack_changes=[
                StackChange(stack.character_id, item.id, stack.quantity - item.quantity, stack.durability)
                for stack in self._stacks.values()
                if (item := stack.item) and (stack.quantity, stack.durability) != (item.quantity, item.durability)
            ],
            new_stacks=[
                NewStack(stack.character_id, stack.item_template_id, stack.quantity, stack.durability)
                for stack in self._new
            ],
            movements=self._movements,
        )

    def _refusal(self, fight: PendingFight, outcome: Outcome) -> str | None:
        character = self._characters.get(outcome.character_id)
        if character is None:
            return f"unknown participant {outcome.character_id}"
        if fight.roster is not None and character.id not in fight.roster:
            return f"unknown participant {outcome.character_id}: not in the session"
        if character.xp + outcome.xp > MAX_TOTAL or character.gold + outcome.gold > MAX_TOTAL:
            return f"character {character.id} cannot hold as much xp or gold"
        return self._items_refusal(outcome) or self._wear_refusal(outcome) or self._loot_refusal(outcome)

    def _items_refusal(self, outcome: Outcome) -> str | None:
        used = Counter[int]()
        for consumed in outcome.consumed:
            stack = self._stacks.get(consumed.inventory_id)
            if (
                stack is None
                or stack.character_id != outcome.character_id
                or stack.slot is None
                or not is_belt_slot(stack.slot)
                or stack.quantity == 0
            ):
                return f"item {consumed.inventory_id} is not in the belt of character {outcome.character_id}"
            if stack.item_template_id != consumed.item_template_id:
                return f"item {consumed.inventory_id} is {stack.item_template_id}, not {consumed.item_template_id}"
            used[consumed.inventory_id] += consumed.quantity
            if used[consumed.inventory_id] > stack.quantity:
                return f"item {consumed.inventory_id}: {used[consumed.inventory_id]} used, {stack.quantity} there"
        return None

    def _wear_refusal(self, outcome: Outcome) -> str | None:
        for template_id, _ in outcome.wear:
            if self._worn(outcome.character_id, template_id) is None:
                return f"character {outcome.character_id} wears no {template_id} that has durability"
        return None

    def _loot_refusal(self, outcome: Outcome) -> str | None:
        stacks = 0
        for loot in outcome.loot:
            template = self._template(loot)
            if template is None:
                return f"unknown item {loot.item_template_id or loot.name}"
            stacks += -(-loot.quantity // template.max_stack)
        return f"loot of {stacks} stacks for character {outcome.character_id}" if stacks > MAX_NEW_STACKS else None

    def _apply_outcome(self, fight: PendingFight, outcome: Outcome) -> None:
        self._characters[outcome.character_id] = _after(self._characters[outcome.character_id], fight, outcome)
        for consumed in outcome.consumed:
            stack = self._stacks[consumed.inventory_id]
            stack.quantity -= consumed.quantity
            self._note(outcome.character_id, stack.item_template_id, -consumed.quantity, "consumed", fight.id)
        for template_id, points in outcome.wear:
            worn = self._worn(outcome.character_id, template_id)
            if worn is not None and worn.durability is not None:
                worn.durability = max(0, worn.durability - points)
        for loot in outcome.loot:
            template = self._template(loot)
            if template is not None:
                self._put_into_bag(outcome.character_id, template, loot.quantity)
                self._note(outcome.character_id, template.id, loot.quantity, "loot", fight.id)

    def _worn(self, character_id: int, template_id: str) -> _Stack | None:
        """The equipped row of a template that has durability; of several the oldest."""
        worn = (
            stack
            for stack in self._held[character_id]
            if stack.item_template_id == template_id
            and stack.slot is not None
            and stack.durability is not None
            and stack.quantity > 0
        )
        return next(worn, None)

    def _template(self, loot: Loot) -> ItemTemplate | None:
        if loot.item_template_id is not None:
            return self._by_template_id.get(loot.item_template_id)
        return self._by_template_name.get(loot.name or "")

    def _put_into_bag(self, character_id: int, template: ItemTemplate, quantity: int) -> None:
        """Fill stacks that have room, then begin new ones."""
        for stack in self._held[character_id]:
            new_alike = stack.item_template_id == template.id and stack.durability == template.max_durability
            if new_alike and stack.slot is None:
                added = min(quantity, max(0, template.max_stack - stack.quantity))
                stack.quantity += added
                quantity -= added
        while quantity > 0:
            added = min(quantity, template.max_stack)
            stack = _Stack(character_id, template.id, added, template.max_durability, None, None)
            self._new.append(stack)
            self._held[character_id].append(stack)
            quantity -= added

    def _note(self, character_id: int, template_id: str, quantity: int, source: str, combat_id: int) -> None:
        self._movements.append(Movement(character_id, template_id, quantity, source, combat_id))


def settle_fights(fights: Iterable[PendingFight], standing: Standing) -> Settlement:
    """Apply the fights in their order; what cannot be settled is in `failures`."""
    failures = {fight.id: reason for fight in fights if (reason := standing.apply(fight)) is not None}
    settlement = standing.changes()
    settlement.failures = failures
    return settlement


def _after(character: Character, fight: PendingFight, outcome: Outcome) -> Character:
    """The character after the fight; hp and energy are those of the newest of its fights."""
    richer = replace(character, xp=character.xp + outcome.xp, gold=character.gold + outcome.gold)
    if fight.id <= character.state_combat_id:
        return richer
    elsewhere = character.session_id not in (None, fight.session_id)  # sent into another fight meanwhile
    return replace(
        richer,
        hp=min(outcome.hp, character.max_hp),
        energy=min(outcome.energy, MAX_ENERGY),
        state_combat_id=fight.id,
        last_combat_session_id=character.last_combat_session_id if elsewhere else fight.session_id,
        session_id=character.session_id if elsewhere else None,
    )
