"""authJwt: who is asking, from the Bearer token. Puts a CurrentUser into `g.user`. Tokens are made here too."""

import re
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar

import structlog
from flask import g, request
from flask_jwt_extended import create_access_token, create_refresh_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import PyJWTError

from app.errors import Forbidden, InvalidRefreshToken, RateLimited, Unauthorized
from app.extensions import current_config
from app.middleware.declare import note
from app.middleware.rate_limit import client_address
from app.middleware.revocations import is_revoked
from app.services import rate_limit_service

P = ParamSpec("P")
R = TypeVar("R")

MAX_USER_ID = 2**63 - 1
USER_ID = re.compile("[0-9]{1,19}")
REMEMBERED_TOKENS = 16_384  # per process, about 1 KB each
# their names in the API's document
ACCESS_SCHEME, REFRESH_SCHEME = "accessToken", "refreshToken"
INHERITS_PLAYER = frozenset({"developer", "publisher", "moderator"})


@dataclass(frozen=True, slots=True)
class CurrentUser:
    """The token's subject and the roles it claims."""

    id: int
    roles: frozenset[str]

    def has_any(self, roles: frozenset[str]) -> bool:
        """Whether one of `roles` is held: `admin` may all; developer, publisher and moderator inherit player."""
        held = self.roles | ({"player"} if self.roles & INHERITS_PLAYER else set())
        return "admin" in held or not held.isdisjoint(roles)


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """What a good access token says; `expires_at` in seconds since 1970."""

    user: CurrentUser
    expires_at: float
    version: int
    family: str | None


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """What a good refresh token says: which exchange of which signing in."""

    user_id: int
    family: bytes
    generation: int


def auth_required(roles: Collection[str]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let through who holds one of `roles`. Raises Unauthorized (401), Forbidden (403) or RateLimited (429)."""
    accepted = frozenset(roles)

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def check(*args: P.args, **kwargs: P.kwargs) -> R:
            rate_limit_service.count_address(client_address())
            g.user = _user_of_token()
            structlog.contextvars.bind_contextvars(user_id=g.user.id)
            if not g.user.has_any(accepted):
                raise Forbidden
            rate_limit_service.count_user(g.user.id)
            return view(*args, **kwargs)

        note(check, security=ACCESS_SCHEME, roles=accepted, errors=[Unauthorized, Forbidden, RateLimited])
        return check

    return decorate


def refresh_token_required(view: Callable[P, R]) -> Callable[P, R]:
    """Let through who brings a refresh token; puts its claims into `g.refresh_token`. Raises InvalidRefreshToken."""

    @wraps(view)
    def check(*args: P.args, **kwargs: P.kwargs) -> R:
        rate_limit_service.count_address(client_address())
        g.refresh_token = _read_refresh_token()
        structlog.contextvars.bind_contextvars(user_id=g.refresh_token.user_id)
        return view(*args, **kwargs)

    note(check, security=REFRESH_SCHEME, errors=[InvalidRefreshToken, RateLimited])
    return check


def issue_access_token(
    user_id: int, roles: Collection[str], ttl: timedelta, *, version: int = 0, family: str | None = None
) -> str:
    """A token that speaks for the user, with exactly these roles, for `ttl`.

    `version` is the user's token_version, `family` (hex) the signing in that it belongs to.
    """
    claims: dict[str, object] = {"roles": sorted(roles), "ver": version}
    if family is not None:
        claims["sid"] = family
    token: str = create_access_token(str(user_id), additional_claims=claims, expires_delta=ttl)
    return token


def issue_refresh_token(user_id: int, *, family: str, generation: int, ttl: timedelta) -> str:
    """A token that is exchanged for the next pair, once."""
    claims = {"sid": family, "gen": generation}
    token: str = create_refresh_token(str(user_id), additional_claims=claims, expires_delta=ttl)
    return token


def _user_of_token() -> CurrentUser:
    try:
        verified = _verify(_bearer_token(), current_config().jwt_secret_key)
    except (JWTExtendedException, PyJWTError) as exc:
        raise Unauthorized from exc
    if verified.expires_at <= time.time():
        raise Unauthorized
    if is_revoked(user_id=verified.user.id, token_version=verified.version, family=verified.family):
        raise Unauthorized
    return verified.user


def _bearer_token() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorized
    return token


@lru_cache(maxsize=REMEMBERED_TOKENS)
def _verify(token: str, _key: str) -> VerifiedToken:
    """Check the signature and the claims of an access token; a token that passed is not checked again, only its age.

    What is remembered belongs to the key it was signed with.
    """
    claims = decode_token(token)
    roles, version, family = claims.get("roles"), claims.get("ver", 0), claims.get("sid")
    if claims.get("type") != "access" or "exp" not in claims:
        raise Unauthorized
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise Unauthorized
    if not isinstance(version, int) or not (family is None or isinstance(family, str)):
        raise Unauthorized
    user = CurrentUser(_subject(claims), frozenset(roles))
    return VerifiedToken(user, expires_at=claims["exp"], version=version, family=family)


def _read_refresh_token() -> RefreshToken:
    try:
        claims = decode_token(_bearer_token())
        family, generation = bytes.fromhex(claims["sid"]), claims["gen"]
        if claims.get("type") != "refresh" or not isinstance(generation, int):
            raise InvalidRefreshToken
        return RefreshToken(_subject(claims), family, generation)
    except (JWTExtendedException, PyJWTError, KeyError, TypeError, ValueError, Unauthorized) as exc:
        raise InvalidRefreshToken from exc


def _subject(claims: Mapping[str, Any]) -> int:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not USER_ID.fullmatch(subject) or int(subject) > MAX_USER_ID:
        raise Unauthorized
    return int(subject)
