"""Signing in: lock-out after failures, and what a refresh token is worth (contract, "Accounts")."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from math import ceil

LONGEST_TOKEN = timedelta(days=30)  # that `flask laurel token` makes
MAX_FAILURES = 5
FAILURE_WINDOW = timedelta(minutes=15)
NETWORK_BITS = 64  # of an IPv6 address: what one customer gets


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
    """Failures of one account from one address, the first of them at `since`."""

    failures: int
    since: datetime


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
    """How long an account is locked for an address: 0 if it is not; 1..900 after MAX_FAILURES within the window."""
    if failed is None or failed.failures < MAX_FAILURES:
        return 0
    return max(0, ceil((failed.since + FAILURE_WINDOW - now).total_seconds()))


def account_hash(user_id: int | None, name: str) -> bytes:
    """What failures are counted under: the account, whichever of its names was given, or the name of nobody."""
    return sha256(f"user {user_id}".encode() if user_id is not None else f"name {name}".encode()).digest()


def address_block(address: str) -> str:
    """Where an attempt comes from: an IPv4 address, or the /64 network of an IPv6 one."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(ip, IPv6Address):
        mapped = ip.ipv4_mapped
        return str(mapped) if mapped else f"{IPv6Address(int(ip) >> NETWORK_BITS << NETWORK_BITS)}/{NETWORK_BITS}"
    return str(ip)


def is_good(family: TokenFamily, generation: int, now: datetime) -> bool:
    """Whether a refresh token of that generation may be exchanged for the next one."""
    return family.revoked_at is None and family.expires_at > now and family.generation == generation


def is_reused(family: TokenFamily, generation: int) -> bool:
    """Whether the token was exchanged before: somebody else has it too."""
    return family.revoked_at is None and generation < family.generation
