"""How often somebody may ask: so many requests in a window of time."""

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
OFF = "off"
IPV6_PREFIX = 64  # what one household has
_WITH_PORT = re.compile(r"\[(?P<bracketed>[^\]]+)\](?::\d+)?|(?P<plain>[^:]+):\d+")
UNKNOWN_ADDRESS = "unknown"


@dataclass(frozen=True, slots=True)
class Limit:
    """`count` requests in each window of `seconds`; windows begin at multiples of it since 1970."""

    count: int
    seconds: int

    def window_at(self, now: float) -> int:
        """The number of the window that `now` (seconds since 1970) lies in."""
        return int(now // self.seconds)

    def seconds_left(self, now: float) -> int:
        """How long its window still lasts, rounded up."""
        return self.seconds - int(now % self.seconds)


@lru_cache
def parse_limit(text: str) -> Limit | None:
    """`600/minute`, or `off` for none, as the configuration has checked it."""
    if text == OFF:
        return None
    count, _, unit = text.partition("/")
    return Limit(int(count), SECONDS[unit])


@lru_cache(maxsize=16_384)
def address_block(address: str) -> str:
    """What requests are counted under: an IPv4 address, the /64 network of an IPv6 one, a port beside it left out."""
    with_port = _WITH_PORT.fullmatch(address)
    try:
        parsed = ip_address(with_port["bracketed"] or with_port["plain"] if with_port else address)
    except ValueError:  # a unix socket has none
        return UNKNOWN_ADDRESS
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or ip_network((parsed.packed, IPV6_PREFIX), strict=False))
    return str(parsed)
