"""Redis: what a player who has checked in today is answered, until his day ends.

All of it is void at once when the epoch changes. Who stores an answer names the epoch that he saw before he read the
database, so an answer from before a change is never stored after it. Without Redis nothing is remembered.
"""

import secrets
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import redis
import structlog

from app.clients.redis_client import connect

EPOCH = "laurel:checkin:epoch"
PAUSE_SECONDS = 1.0  # how long Redis is left alone after it failed

_FIND = """
local epoch = redis.call('GET', KEYS[1])
if not epoch then
  epoch = ARGV[1]
  redis.call('SET', KEYS[1], epoch)
end
local entry = redis.call('HMGET', KEYS[2], 'epoch', 'until', 'answer')
if entry[1] == epoch and tonumber(ARGV[2]) < tonumber(entry[2]) then
  return {epoch, entry[3]}
end
return {epoch}
"""

_STORE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[2], 'epoch', ARGV[1], 'until', ARGV[2], 'answer', ARGV[3])
redis.call('PEXPIREAT', KEYS[2], ARGV[2])
return 1
"""

log = structlog.stdlib.get_logger("laurel.checkin_cache")

_away_until = 0.0


@dataclass(frozen=True, slots=True)
class Lookup:
    """The answer that is remembered, if any, and the epoch to store another one with (None: Redis is away)."""

    epoch: str | None = None
    answer: str | None = None


def find(url: str, user_id: int, now: datetime) -> Lookup:
    """Look the player's answer up."""
    if not url or time.monotonic() < _away_until:
        return Lookup()
    try:
        found: Any = connect(url).eval(_FIND, 2, EPOCH, _key(user_id), secrets.token_hex(8), str(_milliseconds(now)))
    except redis.RedisError as error:
        _leave_alone(error)
        return Lookup()
    return Lookup(*(part.decode() for part in found))


def store(url: str, user_id: int, *, epoch: str, answer: str, until: datetime) -> None:
    """Remember the answer until that time, unless the epoch has changed meanwhile."""
    try:
        connect(url).eval(_STORE, 2, EPOCH, _key(user_id), epoch, str(_milliseconds(until)), answer)
    except redis.RedisError as error:
        _leave_alone(error)


def forget_all(url: str) -> bool:
    """Void every answer; False if Redis could not be told."""
    if not url:
        return True
    try:
        connect(url).set(EPOCH, secrets.token_hex(8))
    except redis.RedisError as error:
        _leave_alone(error)
        return False
    return True


def _leave_alone(error: redis.RedisError) -> None:
    global _away_until
    _away_until = time.monotonic() + PAUSE_SECONDS
    log.warning("checkin_cache_unavailable", reason=str(error))


def _key(user_id: int) -> str:
    return f"laurel:checkin:{user_id}"


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
