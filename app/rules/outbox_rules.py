"""How outbox rows are spread: all rows of one key share a shard, in which they are handled in order."""

from zlib import crc32

SHARDS = 64


def shard_of(key: str) -> int:
    """The shard (0..63) of an event key; stable across processes and releases."""
    return crc32(key.encode()) % SHARDS
