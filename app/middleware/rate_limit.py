"""rateLimit: who asks too often gets 429 with `Retry-After`. `authJwt` counts what brings a token, this the rest."""

from collections.abc import Callable
from functools import lru_cache, wraps
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Literal, ParamSpec, TypeVar

from flask import request

from app.errors import RateLimited
from app.middleware.declare import note
from app.services import rate_limit_service

P = ParamSpec("P")
R = TypeVar("R")

IPV6_PREFIX = 64  # what one household has


def rate_limited(name: Literal["sign_in"]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """For doors without a token: so many attempts an address (`RATE_LIMIT_<NAME>`). Raises RateLimited (429)."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def check(*args: P.args, **kwargs: P.kwargs) -> R:
            rate_limit_service.count_attempt(name, client_address())
            return view(*args, **kwargs)

        note(check, errors=[RateLimited])
        return check

    return decorate


def client_address() -> str:
    """Where the request comes from, as TRUSTED_PROXIES tell; of an IPv6 address its network."""
    return _network_of(request.remote_addr or "")


@lru_cache(maxsize=16_384)
def _network_of(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:  # a unix socket has none
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or ip_network((parsed.packed, IPV6_PREFIX), strict=False))
    return address
