"""Requests and answers of /api/v1/users and /api/v1/admin/users."""

import base64
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, ConfigDict, Field

from app.rules.user_rules import (
    MAX_PASSWORD,
    MIN_PASSWORD,
    ROLES,
    tidy_display_name,
    tidy_email,
    tidy_username,
)
from app.schemas import SnakeAnswer, SnakeRequest, UtcTime
from app.schemas.page import Limit

# names of the host or of nowhere
_NO_TIME_ZONES = {"localtime", "Factory", "posixrules"}


def _a_username(username: str) -> str:
    tidy = tidy_username(username)
    if tidy is None:
        raise ValueError("1 to 32 letters, digits, `_`, `.` or `-` required")
    return tidy


def _an_email(email: str) -> str:
    tidy = tidy_email(email)
    if tidy is None:
        raise ValueError("an email address required")
    return tidy


def _a_display_name(name: str) -> str:
    tidy = tidy_display_name(name)
    if tidy is None:
        raise ValueError("1 to 64 visible characters required")
    return tidy


def _a_time_zone(name: str) -> str:
    if name not in _time_zones():
        raise ValueError("an IANA time zone such as Europe/Moscow required")
    return name


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones() - _NO_TIME_ZONES)


Username = Annotated[str, Field(min_length=1, max_length=32, examples=["ada"]), AfterValidator(_a_username)]
Email = Annotated[str, Field(min_length=3, max_length=254, examples=["ada@example.com"]), AfterValidator(_an_email)]
Password = Annotated[str, Field(min_length=MIN_PASSWORD, max_length=MAX_PASSWORD, examples=["correct horse battery"])]
DisplayName = Annotated[str, Field(min_length=1, max_length=64, examples=["Ada"]), AfterValidator(_a_display_name)]
TimeZone = Annotated[str, Field(min_length=1, max_length=64, examples=["Europe/Moscow"]), AfterValidator(_a_time_zone)]
Role = Literal["player", "developer", "publisher", "moderator", "support", "admin", "system"]


class RegisterUser(SnakeRequest):
    """`POST /api/v1/users/`; without a password only an operator can make tokens for the account."""

    username: Username
    email: Email
    password: Password | None = None


class LinkDevice(SnakeRequest):
    """`POST /api/v1/users/me/link`."""

    username: Username
    email: Email
    password: Password


class ChangeProfile(SnakeRequest):
    """`PATCH /api/v1/users/me`: what is left out stays."""

    display_name: DisplayName | None = None
    time_zone: TimeZone | None = None


class ChangeAccount(SnakeRequest):
    """`PATCH /api/v1/admin/users/{id}`: what is left out stays."""

    roles: Annotated[list[Role], Field(min_length=1, max_length=len(ROLES))] | None = None
    status: Literal["active", "banned"] | None = None


def _decode(cursor: str) -> str:
    try:
        return base64.b64decode(cursor, altchars=b"-_", validate=True).decode()
    except ValueError:
        raise ValueError("a next_cursor of this list required") from None


class UsersQuery(SnakeRequest):
    """`GET /api/v1/admin/users`: `q` is the beginning of a username or, with an `@`, of an email."""

    q: Annotated[str, Field(max_length=254)] = ""
    limit: Limit = 20
    cursor: Annotated[str, Field(max_length=4_096), AfterValidator(_decode)] = ""


def encode_key_cursor(key: str) -> str:
    """The cursor of the page that follows the account with that folded name or email."""
    return base64.urlsafe_b64encode(key.encode()).decode()


class RegisteredUser(SnakeAnswer):
    """An account that was made."""

    id: int
    username: str
    email: str | None
    created_at: UtcTime


class UserView(SnakeAnswer):
    """An account as its owner and staff see it."""

    id: int
    username: str
    display_name: str
    email: str | None
    roles: list[Role]
    status: Literal["active", "banned", "erased"]
    time_zone: str
    created_at: UtcTime


class ErasedUser(SnakeAnswer):
    """What is left of an account."""

    id: int
    status: Literal["erased"]


class UserData(SnakeAnswer):
    """Everything stored about a user: the account, and the rows of every table by its name."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, list[dict[str, Any]]]

    user: UserView
