"""How often a user and an address may ask (contract, "Accounts").

What every request passes is counted in the process that serves it: a round trip to Redis would cost the hot path more
than the limit is worth, so with N processes somebody who reaches all of them may do N times as much. What guards
passwords is counted in Redis, for all processes; while Redis is away, in the process.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable

import redis
import structlog
from prometheus_client import Counter

from app.clients import redis_client
from app.errors import RateLimited
from app.extensions import current_config
from app.rules.rate_limit_rules import Limit, parse_limit
from config import Config

# How long Redis is left alone after it failed, so that no request waits for it meanwhile.
REDIS_PAUSE_SECONDS = 5.0

SHARED_LIMITS: dict[str, Callable[[Config], str]] = {
    "sign_in": lambda config: config.RATE_LIMIT_SIGN_IN,
    "export": lambda config: config.RATE_LIMIT_EXPORT,
}

log = structlog.stdlib.get_logger("laurel.rate_limit")

refused_total = Counter("laurel_rate_limited_total", "Requests refused with RATE_LIMITED", ["limit"])


class _Window:
    """How often each key came in the present window; what was before is forgotten."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._number = -1
        self._counts: dict[str, int] = {}

    def count(self, key: str, number: int) -> int:
        with self._lock:
            if number != self._number:
                self._number, self._counts = number, {}
            count = self._counts[key] = self._counts.get(key, 0) + 1
            return count


_windows: defaultdict[str, _Window] = defaultdict(_Window)
_redis_pause_ends = 0.0  # by time.monotonic()


def count_user(user_id: int) -> None:
    """Count an authenticated request of the user's. Raises RateLimited above RATE_LIMIT_USER."""
    _count_here("user", str(user_id), current_config().RATE_LIMIT_USER)


def count_address(address: str) -> None:
    """Count a request that brings a token, good or not. Raises RateLimited above RATE_LIMIT_ADDRESS."""
    _count_here("address", address, current_config().RATE_LIMIT_ADDRESS)


def count_attempt(name: str, key: str) -> None:
    """Count a request of one of SHARED_LIMITS by a user or from an address, over all processes.

    Raises RateLimited above it.
    """
    limit, now = parse_limit(SHARED_LIMITS[name](current_config())), time.time()
    if limit is not None:
        count = _count_in_redis(name, key, limit, now)
        if count is None:
            count = _windows[name].count(key, limit.window_at(now))
        _refuse_above(limit, name, count, now)


def _count_here(name: str, key: str, setting: str) -> None:
    limit, now = parse_limit(setting), time.time()
    if limit is not None:
        _refuse_above(limit, name, _windows[name].count(key, limit.window_at(now)), now)


def _count_in_redis(name: str, key: str, limit: Limit, now: float) -> int | None:
    """The count of all processes, or None without Redis."""
    global _redis_pause_ends
    url = current_config().REDIS_URL
    if not url or time.monotonic() < _redis_pause_ends:
        return None
    counter = f"rate:{name}:{key}:{limit.window_at(now)}"
    try:
        pipeline = redis_client.connect(url).pipeline(transaction=False)
        pipeline.incr(counter)
        pipeline.expire(counter, limit.seconds)
        count, _ = pipeline.execute()
    except redis.RedisError as error:
        _redis_pause_ends = time.monotonic() + REDIS_PAUSE_SECONDS
        log.warning("rate_limit_without_redis", reason=str(error))
        return None
    return int(count)


def _refuse_above(limit: Limit, name: str, count: int, now: float) -> None:
    if count > limit.count:
        refused_total.labels(name).inc()
        raise RateLimited(retry_after=limit.seconds_left(now))
