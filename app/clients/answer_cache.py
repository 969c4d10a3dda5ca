"""Redis: answers kept under the version they were made of; whoever asks names the version that MySQL has now.

So an answer is never older than the version asked for, whatever is written late or lost. Without Redis every answer is
made anew.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from prometheus_client import Counter

from app.clients.redis_client import RedisAway, Script, quick

KEPT_SECONDS = 3600

lookups_total = Counter("laurel_cache_lookups_total", "Answers looked up in Redis", ["name", "outcome"])

_FIND = Script("""
local kept = redis.call('HMGET', KEYS[1], 'version', 'answer')
return kept[1] == ARGV[1] and kept[2] or false
""")

_KEEP = Script("""
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'answer', ARGV[2])
return redis.call('EXPIRE', KEYS[1], ARGV[3])
""")

_FORGET = Script("return redis.call('DEL', KEYS[1])")


def find(url: str, name: str, key: int, version: str) -> Mapping[str, Any] | None:
    """The answer `name` of that key, if it was kept for this version."""
    try:
        answer = quick(url).run(_FIND, [_key(name, key)], [version])
    except RedisAway:
        lookups_total.labels(name, "away").inc()
        return None
    lookups_total.labels(name, "hit" if answer else "miss").inc()
    return json.loads(answer) if answer else None


def keep(url: str, name: str, key: int, version: str, answer: Mapping[str, Any]) -> bool:
    """Keep an answer made of what `version` stands for, or of something newer; False if Redis is away."""
    try:
        quick(url).run(_KEEP, [_key(name, key)], [version, json.dumps(answer), KEPT_SECONDS])
    except RedisAway:
        return False
    return True


def forget(url: str, name: str, key: int) -> None:
    """Drop the answer, if Redis can be told."""
    with suppress(RedisAway):
        quick(url).run(_FORGET, [_key(name, key)], [])


def _key(name: str, key: int) -> str:
    return f"laurel:{name}:{key}"
