"""rateLimit: who asks too often gets 429 with `Retry-After`. `authJwt` counts what brings a token, this the rest."""

from collections.abc import Callable
from functools import wraps
from typing import Literal, ParamSpec, TypeVar

from flask import g, request

from app.errors import RateLimited
from app.middleware.declare import note
from app.rules.rate_limit_rules import address_block
from app.services import rate_limit_service

P = ParamSpec("P")
R = TypeVar("R")


def rate_limited(name: Literal["sign_in", "export"]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """For what is dear: so many requests (`RATE_LIMIT_<NAME>`) of a user, or where nobody brings a token an address.

    Raises RateLimited (429).
    """

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def check(*args: P.args, **kwargs: P.kwargs) -> R:
            user = g.get("user")
            rate_limit_service.count_attempt(name, f"user {user.id}" if user else client_address())
            return view(*args, **kwargs)

        note(check, errors=[RateLimited])
        return check

    return decorate


def client_address() -> str:
    """Where the request comes from, as TRUSTED_PROXIES tell; of an IPv6 address its network."""
    return address_block(request.remote_addr or "")
