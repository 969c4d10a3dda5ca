"""authJwt: who is asking, from the Bearer token. Puts a CurrentUser into `g.user`. Tokens are made here too."""

import re
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

import structlog
from flask import g, request
from flask_jwt_extended import create_access_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import PyJWTError

from app.errors import Forbidden, Unauthorized
from app.extensions import current_config

P = ParamSpec("P")
R = TypeVar("R")

MAX_USER_ID = 2**63 - 1
USER_ID = re.compile("[0-9]{1,19}")
REMEMBERED_TOKENS = 16_384  # per process, about 1 KB each
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
    """What a good token says; `expires_at` in seconds since 1970."""

    user: CurrentUser
    expires_at: float


def auth_required(roles: list[str]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let through who holds one of `roles`. Raises Unauthorized (401) or Forbidden (403)."""
    accepted = frozenset(roles)

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def check(*args: P.args, **kwargs: P.kwargs) -> R:
            g.user = _user_of_token()
            structlog.contextvars.bind_contextvars(user_id=g.user.id)
            if not g.user.has_any(accepted):
                raise Forbidden
            return view(*args, **kwargs)

        return check

    return decorate


def issue_access_token(user_id: int, roles: Collection[str], ttl: timedelta) -> str:
    """A token that speaks for the user, with exactly these roles, for `ttl`."""
    claims = {"roles": sorted(roles)}
    token: str = create_access_token(str(user_id), additional_claims=claims, expires_delta=ttl)
    return token


def _user_of_token() -> CurrentUser:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer":
        raise Unauthorized
    try:
        verified = _verify(token, current_config().jwt_secret_key)
    except (JWTExtendedException, PyJWTError) as exc:
        raise Unauthorized from exc
    if verified.expires_at <= time.time():
        raise Unauthorized
    return verified.user


@lru_cache(maxsize=REMEMBERED_TOKENS)
def _verify(token: str, _key: str) -> VerifiedToken:
    """Check the signature and the claims of an access token; a token that passed is not checked again, only its age.

    What is remembered belongs to the key it was signed with.
    """
    claims = decode_token(token)
    subject, roles = claims.get("sub"), claims.get("roles")
    if claims.get("type") != "access" or not isinstance(subject, str) or not USER_ID.fullmatch(subject):
        raise Unauthorized
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise Unauthorized
    if int(subject) > MAX_USER_ID or "exp" not in claims:
        raise Unauthorized
    return VerifiedToken(CurrentUser(int(subject), frozenset(roles)), expires_at=claims["exp"])
