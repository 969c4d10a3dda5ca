"""Redis: what a player who has checked in today is answered, until his day ends.

All of it is void at once when the epoch changes. Who stores an answer names the epoch that he saw before he read the
database, so an answer from before a change is never stored after it. Without Redis nothing is remembered.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from app.clients.redis_client import RedisAway, Script, patient, quick

EPOCH = "laurel:checkin:epoch"

# An epoch that was lost is never the same again, so what was stored under it stays void.
_FIND = Script("""
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
""")

_STORE = Script("""
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[2], 'epoch', ARGV[1], 'until', ARGV[2], 'answer', ARGV[3])
redis.call('PEXPIREAT', KEYS[2], ARGV[2])
return 1
""")

_NEW_EPOCH = Script("return redis.call('SET', KEYS[1], ARGV[1])")


@dataclass(frozen=True, slots=True)
class Lookup:
    """The answer that is remembered, if any, and the epoch to store another one with (None: Redis is away)."""

    epoch: str | None = None
    answer: str | None = None


def find(url: str, user_id: int, now: datetime) -> Lookup:
    """Look the player's answer up."""
    if not url:
        return Lookup()
    try:
        found = quick(url).run(_FIND, [EPOCH, _key(user_id)], [secrets.token_hex(8), _milliseconds(now)])
    except RedisAway:
        return Lookup()
    return Lookup(*(part.decode() for part in found))


def store(url: str, user_id: int, *, epoch: str, answer: str, until: datetime) -> bool:
    """Remember the answer until that time; False if the epoch has changed meanwhile, or Redis is away."""
    try:
        return bool(quick(url).run(_STORE, [EPOCH, _key(user_id)], [epoch, _milliseconds(until), answer]))
    except RedisAway:
        return False


def forget_all(url: str) -> bool:
    """Void every answer; False if Redis could not be told."""
    if not url:
        return True
    try:
        patient(url).run(_NEW_EPOCH, [EPOCH], [secrets.token_hex(8)])
    except RedisAway:
        return False
    return True


def _key(user_id: int) -> str:
    return f"laurel:checkin:{user_id}"


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
