"""Requests and answers of staff about items."""

from typing import Annotated

from pydantic import Field, field_validator

from app.rules.character_rules import ItemTemplate
from app.schemas import SnakeAnswer, SnakeRequest

TemplateId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$", examples=["hp_pot_small"])]
Quantity = Annotated[int, Field(ge=1, le=2**31 - 1)]


class CreateItemTemplate(SnakeRequest):
    """`POST /api/v1/admin/item-templates`; without `max_durability` the item does not wear."""

    id: TemplateId
    name: Annotated[str, Field(min_length=1, max_length=100)]
    max_stack: Quantity
    max_durability: Quantity | None = None

    @field_validator("name")
    @classmethod
    def _can_be_read(cls, name: str) -> str:
        if not name.isprintable() or name != name.strip():
            raise ValueError("1 to 100 printable characters without spaces around them required")
        return name

    def as_template(self) -> ItemTemplate:
        """The same in the words of the rules."""
        return ItemTemplate(self.id, self.name, self.max_stack, self.max_durability)


class GrantItem(SnakeRequest):
    """`POST /api/v1/admin/characters/{id}/items`."""

    item_template_id: TemplateId
    quantity: Quantity


class ItemTemplateView(SnakeAnswer):
    """A kind of item; `max_durability` is null for what does not wear."""

    id: str
    name: str
    max_stack: int
    max_durability: int | None
