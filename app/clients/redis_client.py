"""Redis: carries tasks and caches; whatever it loses can be made again."""

from functools import cache

import redis

TIMEOUT_SECONDS = 0.5
CELERY_QUEUE = "celery"


@cache
def connect(url: str) -> "redis.Redis":
    """The process's connection pool to that server; connects when it is used."""
    return redis.Redis.from_url(url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS)


def queue_length(url: str) -> int | None:
    """How many tasks wait in Celery's queue; None if the server does not answer."""
    try:
        return int(connect(url).llen(CELERY_QUEUE))  # type: ignore[arg-type]
    except redis.RedisError:
        return None


def is_reachable(url: str) -> bool:
    """Whether the server answers within TIMEOUT_SECONDS."""
    try:
        return bool(connect(url).ping())
    except redis.RedisError:
        return False
