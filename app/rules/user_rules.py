"""Accounts: what a user may be called, and when two spellings are the same name."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

MAX_USERNAME = 32
_USERNAME = re.compile(r"\w[\w.-]*")


@dataclass(frozen=True, slots=True)
class User:
    """An account; `email` is None for one that never gave any."""

    id: int
    username: str
    display_name: str
    email: str | None
    roles: frozenset[str]
    status: str
    time_zone: str
    created_at: datetime


def tidy_username(username: str) -> str | None:
    """The name as it is kept (NFKC), or None if it may not be one.

    1 to 32 letters, digits, `_`, `.` or `-` of any script; the first is a letter, a digit or `_`.
    """
    tidy = unicodedata.normalize("NFKC", username)
    return tidy if len(tidy) <= MAX_USERNAME and _USERNAME.fullmatch(tidy) else None


def case_folded(name: str) -> str:
    """The form in which names and emails are compared: `Ёж` and `ёж` are one, `ёж` and `еж` are two."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
