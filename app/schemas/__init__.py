"""Requests as strict pydantic models: no coercion, no unknown field."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class SnakeRequest(BaseModel):
    """Base of requests under /api/v1: snake_case."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class CamelRequest(BaseModel):
    """Base of requests of /match and /event: camelCase outside, snake_case inside."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, alias_generator=to_camel)
