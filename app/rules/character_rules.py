"""Characters: what a new one is like, and what they may hold."""

from dataclasses import dataclass

NEW_MAX_HP = 100
MAX_ENERGY = 100
DEMO_CHARACTER_ID = 101  # of the example settlement in docs/combat.md
DEMO_POTION_ID = 55


@dataclass(frozen=True, slots=True)
class Character:
    """A character of a user. `session_id` is the fight it was last sent into, over or not."""

    id: int
    user_id: int
    name: str
    hp: int
    max_hp: int
    energy: int
    xp: int
    gold: int
    last_combat_session_id: str | None
    session_id: str | None
    state_combat_id: int


@dataclass(frozen=True, slots=True)
class ItemTemplate:
    """A kind of item; `max_durability` is None for what does not wear."""

    id: str
    name: str
    max_stack: int
    max_durability: int | None


@dataclass(frozen=True, slots=True)
class InventoryItem:
    """A stack that a character holds; it is equipped while it stands in a slot."""

    id: int
    character_id: int
    item_template_id: str
    name: str
    quantity: int
    slot: str | None
    durability: int | None

    @property
    def is_equipped(self) -> bool:
        """Whether it stands in a slot."""
        return self.slot is not None


def is_belt_slot(slot: str) -> bool:
    """Whether what stands there can be used in a fight."""
    return slot.startswith("belt_")
