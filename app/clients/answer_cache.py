"""Answers kept in Redis under the version they were made of; whoever asks names the version that MySQL has now.

So an answer is never older than the version asked for, whatever is written late or lost. Without Redis every answer is
made anew; after a failure Redis is left alone for a moment.
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import redis
import structlog
from prometheus_client import Counter

from app.clients.redis_client import connect

KEPT_SECONDS = 3600
PAUSE_SECONDS = 1.0

log = structlog.stdlib.get_logger("laurel.cache")

lookups_total = Counter("laurel_cache_lookups_total", "Answers looked up in Redis", ["name", "outcome"])

_away_until = 0.0


def find(url: str, name: str, key: int, version: str) -> Mapping[str, Any] | None:
    """The answer `name` of that key, if it was kept for this version."""
    kept = _ask(url, name, lambda server: server.get(_key(name, key)))
    found = json.loads(kept) if kept else {}
    hit = found.get("version") == version
    lookups_total.labels(name, "hit" if hit else "miss").inc()
    return found["answer"] if hit else None


def keep(url: str, name: str, key: int, version: str, answer: Mapping[str, Any]) -> None:
    """Keep an answer made of what `version` stands for, or of something newer."""
    kept = json.dumps({"version": version, "answer": answer})
    _ask(url, name, lambda server: server.set(_key(name, key), kept, ex=KEPT_SECONDS))


def _key(name: str, key: int) -> str:
    return f"laurel:{name}:{key}"


def _ask(url: str, name: str, question: Callable[[redis.Redis], Any]) -> Any:
    global _away_until
    if not url or time.monotonic() < _away_until:
        return None
    try:
        return question(connect(url))
    except redis.RedisError as error:
        _away_until = time.monotonic() + PAUSE_SECONDS
        lookups_total.labels(name, "error").inc()
        log.warning("cache_unavailable", reason=str(error))
        return None
