"""The Idempotency-Key of operations that have no natural key (architecture, "Exactly once", 2).

The key is taken first, the answer is written under it last, both in the operation's own transaction: either the
operation and its answer are there, or neither is.
"""

import json
from dataclasses import dataclass
from typing import Any

from app.canonical_json import canonical_hash, canonical_json
from app.errors import IdempotencyKeyReused
from app.repositories import idempotency_repo
from app.repositories.idempotency_repo import IdempotencyKey
from app.transaction import Transaction


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request under an optional client key; `body` is what must be the same when the key comes again."""

    key: IdempotencyKey | None
    body: dict[str, Any]


def keyed_request(user_id: int, endpoint: str, key: str | None, body: dict[str, Any]) -> KeyedRequest:
    """The request of a user at an endpoint, such as `POST /match/start`."""
    return KeyedRequest(IdempotencyKey(user_id, endpoint, key) if key is not None else None, body)


def claim(tx: Transaction, request: KeyedRequest) -> dict[str, Any] | None:
    """Take the key for this transaction, or return the first answer of a request that already has it.

    None without a key or for a new one. Raises IdempotencyKeyReused if the key came with another body.
    """
    if request.key is None:
        return None
    request_hash = canonical_hash(request.body)
    if idempotency_repo.claim(tx, request.key, request_hash):
        return None
    stored = idempotency_repo.get(tx, request.key)
    if stored.request_hash != request_hash:
        raise IdempotencyKeyReused
    answer: dict[str, Any] = json.loads(stored.answer_json)
    return answer


def remember(tx: Transaction, request: KeyedRequest, answer: dict[str, Any]) -> None:
    """Write the answer for the repeats of the request."""
    if request.key is not None:
        idempotency_repo.set_answer(tx, request.key, canonical_json(answer))
