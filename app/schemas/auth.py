"""Requests of /api/v1/auth."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from app.rules.user_rules import MAX_PASSWORD
from app.schemas import SnakeRequest

# What is tried may be anything; only what is chosen has rules.
Tried = Annotated[str, Field(min_length=1, max_length=254)]


class LogIn(SnakeRequest):
    """`POST /api/v1/auth/login`: one of `username` and `email`, and the password."""

    username: Tried | None = None
    email: Tried | None = None
    password: Annotated[str, Field(min_length=1, max_length=MAX_PASSWORD)]

    @model_validator(mode="after")
    def _names_one_account(self) -> Self:
        if (self.username is None) == (self.email is None):
            raise ValueError("one of username and email required")
        return self

    @property
    def name(self) -> str:
        """Whichever was given."""
        return self.username or self.email or ""


class LogInDevice(SnakeRequest):
    """`POST /api/v1/auth/device`; whoever knows the id has the account, so it should be long and random."""

    device_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,128}$")]
