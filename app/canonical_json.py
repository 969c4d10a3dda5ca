"""One spelling of a JSON value, so that equal values have equal hashes and equal bytes."""

import hashlib
import json

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical_json(value: object) -> str:
    """Keys sorted, no spaces, text as it is. Refuses NaN and infinities with ValueError."""
    return _ENCODER.encode(value)


def canonical_hash(value: object) -> bytes:
    """SHA-256 of the canonical JSON, 32 bytes."""
    return hashlib.sha256(canonical_json(value).encode()).digest()
