"""Requests as strict pydantic models: no coercion, no unknown field. Answers as models that document `data`."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class SnakeRequest(BaseModel):
    """Base of requests under /api/v1: snake_case."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class CamelRequest(BaseModel):
    """Base of requests of /match and /event: camelCase outside, snake_case inside."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, alias_generator=to_camel)


class SnakeAnswer(BaseModel):
    """Base of answers under /api/v1: says what `data` holds, for the API's document; controllers make plain dicts."""


class CamelAnswer(BaseModel):
    """Base of answers of /match and /event."""

    model_config = ConfigDict(alias_generator=to_camel)


UtcTime = Annotated[datetime, Field(examples=["2026-11-21T01:25:05.491Z"])]
