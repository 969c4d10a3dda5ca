"""Requests and answers of /api/v1/auth."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from app.rules.user_rules import MAX_PASSWORD
from app.schemas import SnakeAnswer, SnakeRequest

# What is tried may be anything; only what is chosen has rules.
Tried = Annotated[str, Field(min_length=1, max_length=254)]


class LogIn(SnakeRequest):
    """`POST /api/v1/auth/login`: one of `username` and `email`, and the password."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"username": "demo", "password": "correct horse battery staple"}],
            "oneOf": [{"required": ["username"]}, {"required": ["email"]}],
        }
    )

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

    device_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,128}$", examples=["1f0c9a52-8d1e-4b52-9d53"])]


class TokenPair(SnakeAnswer):
    """`expires_in` seconds is the access token good; then the refresh token is exchanged for the next pair."""

    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"]
    expires_in: int


class LoggedOut(SnakeAnswer):
    """Every token of the session is refused from now on."""

    logged_out: Literal[True]
