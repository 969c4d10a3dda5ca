"""Accounts: what a user may be called, when two spellings are the same name, what is left of an erased user."""

import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime

ROLES = ("player", "developer", "publisher", "moderator", "support", "admin", "system")
STAFF = frozenset({"support", "admin", "system"})  # may read what is other people's
STATUS_CHANGED = "user.status_changed"  # the outbox event: active, banned, erased

MAX_USERNAME = 32
MAX_DISPLAY_NAME = 64
MAX_EMAIL = 254
MIN_PASSWORD, MAX_PASSWORD = 8, 128  # characters
_USERNAME = re.compile(r"\w[\w.-]*")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # controls, direction marks, unassigned
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters and symbols that show nothing
_JOINERS = frozenset("\u200c\u200d")  # Persian and emoji are spelled with them


@dataclass(frozen=True, slots=True)
class User:
    """An account; `email` is None for one that never gave any. Access tokens under a lower `token_version` are void."""

    id: int
    username: str
    display_name: str
    email: str | None
    roles: frozenset[str]
    status: str
    time_zone: str
    token_version: int
    created_at: datetime


def tidy_username(username: str) -> str | None:
    """The name as it is kept (NFKC), or None if it may not be one.

    1 to 32 letters, digits, `_`, `.` or `-` of any script; the first is a letter, a digit or `_`.
    """
    tidy = unicodedata.normalize("NFKC", username)
    return tidy if len(tidy) <= MAX_USERNAME and _USERNAME.fullmatch(tidy) and is_visible(tidy) else None


def tidy_email(email: str) -> str | None:
    """The address as it is kept (NFKC), or None if it may not be one: `x@y.z`, up to 254 characters, no spaces."""
    tidy = unicodedata.normalize("NFKC", email)
    fits = max(len(tidy), len(case_folded(tidy))) <= MAX_EMAIL
    return tidy if fits and _EMAIL.fullmatch(tidy) and is_visible(tidy) else None


def case_folded(name: str) -> str:
    """The form in which names and emails are compared: `Ёж` and `ёж` are one, `ёж` and `еж` are two.

    Without spaces at the end, which the database's comparison does not see either.
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).rstrip(" ")


def is_visible(text: str) -> bool:
    """Whether every character of a name can be seen: no controls, direction marks or letters that show nothing."""
    return all(
        char in _JOINERS or (char not in _BLANK and unicodedata.category(char) not in _INVISIBLE) for char in text
    )


def tidy_display_name(name: str) -> str | None:
    """The name as it is shown (NFC, single spaces), or None: 1 to 64 visible characters of any script."""
    tidy = " ".join(unicodedata.normalize("NFC", name).split())
    shows_something = tidy.strip("".join(_JOINERS))
    return tidy if shows_something and len(tidy) <= MAX_DISPLAY_NAME and is_visible(tidy) else None


def new_device_username() -> str:
    """The name of an account that was made for a device, until it is linked to one of its own: `player_` + 12 hex."""
    return f"player_{secrets.token_hex(6)}"


def erased_username(user_id: int) -> str:
    """What an erased user is called: no living user can have such a name."""
    return f"~{user_id}"
