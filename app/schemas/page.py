"""Paging of histories: `limit`, an opaque `cursor`, and `fields` to select."""

import base64
import binascii
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, GetJsonSchemaHandler, field_validator
from pydantic_core import CoreSchema, PydanticCustomError

from app.schemas import SnakeAnswer, SnakeRequest

MAX_ID = 2**63 - 1


def _decode(cursor: str) -> str:
    try:
        position = base64.urlsafe_b64decode(cursor.encode("ascii")).decode("ascii")
    except (UnicodeError, binascii.Error):
        position = ""
    if not position.isdecimal() or len(position) > 19 or int(position) > MAX_ID:
        raise ValueError("a next_cursor of this list required")
    return position


def whole_number(text: str) -> str:
    """Of a query's number only ASCII digits."""
    if not (text.isascii() and text.isdecimal()):
        raise PydanticCustomError("int_type", "an integer required")
    return text


Limit = Annotated[int, Field(ge=1, le=100), BeforeValidator(whole_number)]


Flag = Literal["true", "false", "1", "0"]
SET = frozenset({"true", "1"})  # the Flags that say yes


class HistoryQuery(SnakeRequest):
    """`limit` 1..100 (default 20); `cursor` is the `next_cursor` of the page before; `fields` is `a,b`."""

    limit: Limit = 20
    cursor: Annotated[str, AfterValidator(_decode)] | None = None
    fields: str | None = None

    item_fields: ClassVar[tuple[str, ...]]  # what an item of the list has

    @field_validator("fields")
    @classmethod
    def _names_fields_of_an_item(cls, fields: str | None) -> str | None:
        unknown = set((fields or "").split(",")) - {"", *cls.item_fields}
        if unknown or fields == "":
            raise ValueError(f"one or more of {', '.join(cls.item_fields)} required")
        return fields

    @property
    def before_id(self) -> int:
        """Where the page begins: items have smaller ids."""
        return int(self.cursor) if self.cursor is not None else MAX_ID


class ListQuery(SnakeRequest):
    """A page of a list that is bounded: `limit` 1..100 (default 20) and `offset`."""

    limit: Limit = 20
    offset: Annotated[int, Field(ge=0, le=MAX_ID), BeforeValidator(whole_number)] = 0


def encode_cursor(last_id: int) -> str:
    """The cursor of the page that follows the item with that id."""
    return base64.urlsafe_b64encode(str(last_id).encode()).decode()


class _Selected:
    """An item of which `fields` may have selected some: no field is always there."""

    @staticmethod
    def __get_pydantic_json_schema__(core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        item = handler.resolve_ref_schema(handler(core_schema))
        return {keyword: value for keyword, value in item.items() if keyword != "required"}


Item = TypeVar("Item", bound=BaseModel)


class HistoryPage(SnakeAnswer, Generic[Item]):
    """A page of a history, newest first; `fields` selects from its items; `next_cursor` is null on the last one."""

    items: list[Annotated[Item, _Selected]]
    next_cursor: str | None


class CursorPage(SnakeAnswer, Generic[Item]):
    """A page of a list that may be long, with whole items; `next_cursor` is null on the last one."""

    items: list[Item]
    next_cursor: str | None


class OffsetPage(SnakeAnswer, Generic[Item]):
    """A page of a list of few things, `total` of them."""

    items: list[Item]
    total: int
    limit: int
    offset: int
