"""authJwt: who is asking, from the Bearer token. Puts a CurrentUser into `g.user`. Tokens are made here too."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import ParamSpec, TypeVar

import structlog
from flask import g
from flask_jwt_extended import create_access_token, get_jwt, verify_jwt_in_request
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import PyJWTError

from app.errors import Forbidden, Unauthorized

P = ParamSpec("P")
R = TypeVar("R")

MAX_USER_ID = 2**63 - 1
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
    try:
        verify_jwt_in_request()
    except (JWTExtendedException, PyJWTError) as exc:
        raise Unauthorized from exc
    claims = get_jwt()
    subject, roles = claims.get("sub"), claims.get("roles")
    if not isinstance(subject, str) or not subject.isascii() or not subject.isdecimal() or len(subject) > 19:
        raise Unauthorized
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise Unauthorized
    if int(subject) > MAX_USER_ID:
        raise Unauthorized
    return CurrentUser(int(subject), frozenset(roles))
