"""Signing in: lock-out after failures, and what a refresh token is worth (contract, "Accounts")."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from math import ceil

LONGEST_TOKEN = timedelta(days=30)  # that `flask laurel token` makes
MAX_FAILURES = 5
FAILURE_WINDOW = LOCKED_FOR = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Session:
    """A user who has just signed in, or exchanged his refresh token for that of `generation`."""

    user_id: int
    roles: frozenset[str]
    token_version: int
    family_id: bytes
    generation: int


@dataclass(frozen=True, slots=True)
class LoginFailures:
    """Failures of one account from one address; after MAX_FAILURES within the window it is locked for a while."""

    failures: int
    locked_until: datetime | None


@dataclass(frozen=True, slots=True)
class TokenFamily:
    """One signing in: the refresh tokens that follow from each other, of which only `generation` is good."""

    id: bytes
    user_id: int
    generation: int
    expires_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Revocation:
    """Void are the access tokens of a family, or all of a user under a version below `token_version`."""

    id: int
    user_id: int
    family_id: bytes | None
    token_version: int | None
    expires_at: datetime


def seconds_locked(failed: LoginFailures | None, now: datetime) -> int:
    """For how long an account is still locked for an address: 0 if it is not, up to 900."""
    if failed is None or failed.locked_until is None:
        return 0
    return max(0, ceil((failed.locked_until - now).total_seconds()))


def account_hash(user_id: int | None, name: str) -> bytes:
    """What failures are counted under: the account, whichever of its names was given, or the name of nobody."""
    return sha256(f"user {user_id}".encode() if user_id is not None else f"name {name}".encode()).digest()


def is_good(family: TokenFamily, generation: int, now: datetime) -> bool:
    """Whether a refresh token of that generation may be exchanged for the next one."""
    return family.revoked_at is None and family.expires_at > now and family.generation == generation


def is_reused(family: TokenFamily, generation: int) -> bool:
    """Whether the token was exchanged before: somebody else has it too."""
    return family.revoked_at is None and generation < family.generation
