"""idempotency_keys: the first answer to a keyed request, kept for its repeats (7 days)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from app.transaction import Transaction, violated_key


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A client's key, which means something only for one user and one endpoint."""

    user_id: int
    endpoint: str
    value: str


@dataclass(frozen=True, slots=True)
class KeyedAnswer:
    """What was asked (a hash) and what was answered (JSON text)."""

    request_hash: bytes
    answer_json: str


def claim(tx: Transaction, key: IdempotencyKey, request_hash: bytes) -> bool:
    """Take the key; False if it is taken. Waits for a transaction that is just taking it."""
    try:
        tx.execute(
            """
        INSERT INTO idempotency_keys (user_id, endpoint, idempotency_key, request_hash, answer_json, created_at)
        VALUES (:user_id, :endpoint, :key, :request_hash, '', :now)
        """,
            {
                "user_id": key.user_id,
                "endpoint": key.endpoint,
                "key": key.value,
                "request_hash": request_hash,
                "now": tx.now,
            },
        )
    except IntegrityError as exc:
        if violated_key(exc) != "PRIMARY":
            raise
        return False
    return True


def get(tx: Transaction, key: IdempotencyKey) -> KeyedAnswer:
    """The answer under a key that is taken."""
    row = tx.execute(
        """
        SELECT request_hash, answer_json
        FROM idempotency_keys
        WHERE user_id = :user_id
          AND endpoint = :endpoint
          AND idempotency_key = :key
        """,
        {"user_id": key.user_id, "endpoint": key.endpoint, "key": key.value},
    ).one()
    return KeyedAnswer(row.request_hash, row.answer_json)


def set_answer(tx: Transaction, key: IdempotencyKey, answer_json: str) -> None:
    """Write the answer under the key that this transaction took."""
    tx.execute(
        """
        UPDATE idempotency_keys
        SET answer_json = :answer_json
        WHERE user_id = :user_id
          AND endpoint = :endpoint
          AND idempotency_key = :key
        """,
        {"user_id": key.user_id, "endpoint": key.endpoint, "key": key.value, "answer_json": answer_json},
    )


def delete_older(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` keys that were taken before that time; returns how many."""
    return tx.execute(
        """
        DELETE FROM idempotency_keys
        WHERE created_at < :before
        LIMIT :limit
        """,
        {"before": before, "limit": limit},
    ).rowcount


def delete_of_user(tx: Transaction, user_id: int) -> None:
    """Forget the user's keys and what they were answered."""
    tx.execute("DELETE FROM idempotency_keys WHERE user_id = :user_id", {"user_id": user_id})
