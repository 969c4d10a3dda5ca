"""JSON that Laurel keeps and hands back without looking into it."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from app.canonical_json import canonical_json


def _storable(value: Any) -> Any:
    canonical_json(value)  # numbers that JSON cannot write are a ValueError
    return value


FreeJson = Annotated[Any, AfterValidator(_storable), Field(examples=[{}])]
