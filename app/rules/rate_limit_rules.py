"""How often somebody may ask: so many requests in a window of time."""

from dataclasses import dataclass
from functools import lru_cache

SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
OFF = "off"


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
