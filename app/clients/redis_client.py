"""Redis: carries tasks and caches; whatever it loses can be made again."""

import hashlib
import time
from collections.abc import Sequence
from functools import cache
from typing import Any, cast

import redis
import structlog
from prometheus_client import Counter
from redis.backoff import NoBackoff
from redis.retry import Retry

TIMEOUT_SECONDS = 0.5
CELERY_QUEUE, JOBS_QUEUE = "celery", "jobs"  # events, and what may take long
QUICK_TIMEOUT_SECONDS = 0.1
PATIENT_TIMEOUT_SECONDS = 2.0
LEFT_ALONE_SECONDS = 2.0

log = structlog.stdlib.get_logger("laurel.redis")

failures_total = Counter("laurel_redis_failures_total", "Calls that Redis did not answer in time, or refused")


class RedisAway(Exception):
    """Redis did not answer in time or refused, now or a moment ago."""


class Script:
    """A Lua script, sent by its hash."""

    def __init__(self, lua: str) -> None:
        self.lua = lua
        self.sha = hashlib.sha1(lua.encode(), usedforsecurity=False).hexdigest()


class LuaRedis:
    """Runs scripts. After a failure Redis is left alone for a while: RedisAway comes at once.

    So a Redis that is slow or gone costs a process one time-out in LEFT_ALONE_SECONDS, not one per call.
    """

    def __init__(self, url: str, *, timeout: float) -> None:
        self._redis = redis.Redis.from_url(
            url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=Retry(NoBackoff(), 0)
        )
        self._away_until = 0.0

    def run(self, script: Script, keys: Sequence[str], arguments: Sequence[str | bytes | int]) -> Any:
        """The script's answer. Raises RedisAway."""
        if time.monotonic() < self._away_until:
            raise RedisAway
        try:
            try:
                return self._redis.evalsha(script.sha, len(keys), *keys, *arguments)
            except redis.exceptions.NoScriptError:
                return self._redis.eval(script.lua, len(keys), *keys, *arguments)
        except redis.RedisError as error:
            self._away_until = time.monotonic() + LEFT_ALONE_SECONDS
            failures_total.inc()
            log.warning("redis_left_alone", seconds=LEFT_ALONE_SECONDS, reason=str(error))
            raise RedisAway from error


@cache
def quick(url: str) -> LuaRedis:
    """For what a request waits for; the process's pool to that server, connects when it is used."""
    return LuaRedis(url, timeout=QUICK_TIMEOUT_SECONDS)


@cache
def patient(url: str) -> LuaRedis:
    """For what works in the background."""
    return LuaRedis(url, timeout=PATIENT_TIMEOUT_SECONDS)


@cache
def connect(url: str) -> "redis.Redis":
    """The process's connection pool to that server; connects when it is used."""
    return redis.Redis.from_url(
        url,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def queue_length(url: str) -> int | None:
    """How many tasks wait in Celery's queues; None if the server does not answer."""
    try:
        return sum(cast(int, connect(url).llen(queue)) for queue in (CELERY_QUEUE, JOBS_QUEUE))
    except redis.RedisError:
        return None


def is_reachable(url: str) -> bool:
    """Whether the server answers within TIMEOUT_SECONDS."""
    try:
        return bool(connect(url).ping())
    except redis.RedisError:
        return False
