"""Requests and answers of /api/v1/characters."""

from typing import Annotated

from pydantic import Field, field_validator

from app.rules.user_rules import is_visible
from app.schemas import SnakeAnswer, SnakeRequest

Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
SLOT = r"^[a-z][a-z0-9_]{0,31}$"


class CreateCharacter(SnakeRequest):
    """`POST /api/v1/characters`."""

    name: Annotated[str, Field(min_length=1, max_length=50)]

    @field_validator("name")
    @classmethod
    def _can_be_read(cls, name: str) -> str:
        if not is_visible(name) or name != name.strip():
            raise ValueError("1 to 50 printable characters without spaces around them required")
        return name


class EquipItem(SnakeRequest):
    """`POST …/equip`; slots are the game's own words, of those of the belt there are `COMBAT_BELT_SLOTS`."""

    inventory_id: Id
    slot: Annotated[str, Field(pattern=SLOT, examples=["belt_1"])]


class UnequipItem(SnakeRequest):
    """`POST …/unequip`."""

    inventory_id: Id


class CharacterView(SnakeAnswer):
    """A character of a user."""

    id: int
    user_id: int
    name: str
    hp: int
    max_hp: int
    energy: int
    xp: int
    gold: int
    last_combat_session_id: str | None


class InventoryRow(SnakeAnswer):
    """A stack that a character holds; `durability` is null for what does not wear."""

    inventory_id: int
    item_template_id: str
    name: str
    quantity: int
    is_equipped: bool
    slot: str | None
    durability: int | None
