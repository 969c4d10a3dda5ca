"""token_families: who is signed in, and which refresh token of each family is the good one."""

from datetime import datetime

from app.clock import from_column, from_nullable_column
from app.rules.auth_rules import TokenFamily
from app.transaction import Transaction


def insert(tx: Transaction, *, user_id: int, family_id: bytes, expires_at: datetime) -> None:
    """Begin a family with its first generation."""
    tx.execute(
        """
        INSERT INTO token_families (user_id, id, generation, created_at, rotated_at, expires_at)
        VALUES (:user_id, :family_id, 1, :now, :now, :expires_at)
        """,
        {"user_id": user_id, "family_id": family_id, "now": tx.now, "expires_at": expires_at},
    )


def lock(tx: Transaction, *, user_id: int, family_id: bytes) -> TokenFamily | None:
    """Lock one family of the user's."""
    row = tx.execute(
        """
        SELECT id, user_id, generation, expires_at, revoked_at
        FROM token_families
        WHERE user_id = :user_id
          AND id = :family_id
        FOR UPDATE
        """,
        {"user_id": user_id, "family_id": family_id},
    ).one_or_none()
    if row is None:
        return None
    return TokenFamily(
        id=row.id,
        user_id=row.user_id,
        generation=row.generation,
        expires_at=from_column(row.expires_at),
        revoked_at=from_nullable_column(row.revoked_at),
    )


def rotate(tx: Transaction, family: TokenFamily, *, expires_at: datetime) -> None:
    """Make the next generation the good one."""
    tx.execute(
        """
        UPDATE token_families
        SET generation = generation + 1,
            rotated_at = :now,
            expires_at = :expires_at
        WHERE user_id = :user_id
          AND id = :family_id
        """,
        {"user_id": family.user_id, "family_id": family.id, "now": tx.now, "expires_at": expires_at},
    )


def revoke(tx: Transaction, family: TokenFamily) -> None:
    """End one family."""
    tx.execute(
        """
        UPDATE token_families
        SET revoked_at = :now
        WHERE user_id = :user_id
          AND id = :family_id
        """,
        {"user_id": family.user_id, "family_id": family.id, "now": tx.now},
    )


def revoke_of_user(tx: Transaction, user_id: int) -> None:
    """End every family of the user's."""
    tx.execute(
        """
        UPDATE token_families
        SET revoked_at = :now
        WHERE user_id = :user_id
          AND revoked_at IS NULL
        """,
        {"user_id": user_id, "now": tx.now},
    )


def delete_of_user(tx: Transaction, user_id: int) -> None:
    """Forget every family of the user's."""
    tx.execute("DELETE FROM token_families WHERE user_id = :user_id", {"user_id": user_id})


def delete_expired(tx: Transaction, *, limit: int) -> int:
    """Delete up to `limit` families whose last refresh token has expired; returns how many."""
    return tx.execute(
        """
        DELETE FROM token_families
        WHERE expires_at < :now
        LIMIT :limit
        """,
        {"now": tx.now, "limit": limit},
    ).rowcount


def count_active(tx: Transaction) -> int:
    """How many families have neither expired nor been revoked."""
    row = tx.execute(
        """
        SELECT COUNT(*) AS families
        FROM token_families
        WHERE expires_at > :now
          AND revoked_at IS NULL
        """,
        {"now": tx.now},
    ).one()
    return int(row.families)
