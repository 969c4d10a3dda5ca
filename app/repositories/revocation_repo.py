"""token_revocations: what every process must know within seconds. Read in the order of ids."""

from datetime import datetime

from app.clock import from_column
from app.rules.auth_rules import Revocation
from app.transaction import Transaction


def insert_family(tx: Transaction, *, user_id: int, family_id: bytes, expires_at: datetime) -> None:
    """Void the access tokens of a family, the last of which would expire at `expires_at`."""
    tx.execute(
        """
        INSERT INTO token_revocations (user_id, family_id, revoked_at, expires_at)
        VALUES (:user_id, :family_id, :now, :expires_at)
        """,
        {"user_id": user_id, "family_id": family_id, "now": tx.now, "expires_at": expires_at},
    )


def insert_user(tx: Transaction, *, user_id: int, token_version: int, expires_at: datetime) -> None:
    """Void the user's access tokens under a version below `token_version`."""
    tx.execute(
        """
        INSERT INTO token_revocations (user_id, token_version, revoked_at, expires_at)
        VALUES (:user_id, :token_version, :now, :expires_at)
        """,
        {"user_id": user_id, "token_version": token_version, "now": tx.now, "expires_at": expires_at},
    )


def list_after(tx: Transaction, *, after_id: int, limit: int) -> list[Revocation]:
    """Up to `limit` revocations with a higher id, in the order of ids."""
    rows = tx.execute(
        """
        SELECT id, user_id, family_id, token_version, expires_at
        FROM token_revocations
        WHERE id > :after_id
        ORDER BY id
        LIMIT :limit
        """,
        {"after_id": after_id, "limit": limit},
    )
    return [
        Revocation(
            id=row.id,
            user_id=row.user_id,
            family_id=row.family_id,
            token_version=row.token_version,
            expires_at=from_column(row.expires_at),
        )
        for row in rows
    ]


def delete_expired(tx: Transaction, *, limit: int) -> int:
    """Delete up to `limit` revocations of tokens that have expired by themselves; returns how many."""
    return tx.execute(
        """
        DELETE FROM token_revocations
        WHERE expires_at < :now
        LIMIT :limit
        """,
        {"now": tx.now, "limit": limit},
    ).rowcount
