"""login_failures: failed attempts to sign in, per account and address."""

from datetime import datetime

from app.clock import from_nullable_column
from app.rules.auth_rules import FAILURE_WINDOW, LOCKED_FOR, MAX_FAILURES, LoginFailures
from app.transaction import Transaction

# Assignments run from left to right: the later ones see what the earlier ones wrote.


def find(tx: Transaction, account_hash: bytes, address: str) -> LoginFailures | None:
    """The failures counted now."""
    row = tx.execute(
        """
        SELECT failures, locked_until
        FROM login_failures
        WHERE account_hash = :account_hash
          AND address = :address
        """,
        {"account_hash": account_hash, "address": address},
    ).one_or_none()
    return LoginFailures(row.failures, from_nullable_column(row.locked_until)) if row else None


def lock(tx: Transaction, account_hash: bytes, address: str) -> LoginFailures | None:
    """The failures counted now, locked."""
    row = tx.execute(
        """
        SELECT failures, locked_until
        FROM login_failures
        WHERE account_hash = :account_hash
          AND address = :address
        FOR UPDATE
        """,
        {"account_hash": account_hash, "address": address},
    ).one_or_none()
    return LoginFailures(row.failures, from_nullable_column(row.locked_until)) if row else None


def count(tx: Transaction, account_hash: bytes, address: str) -> LoginFailures:
    """Count one failure and return what was counted with it; one after the window or the lock begins a new window.

    From MAX_FAILURES on the account is locked. The row stays locked, so failures at the same moment see each other.
    """
    tx.execute(
        """
        INSERT INTO login_failures (account_hash, address, failures, since)
        VALUES (:account_hash, :address, 1, :now)
        ON DUPLICATE KEY UPDATE
               failures = IF(locked_until <= :now OR (locked_until IS NULL AND since <= :window_began),
                             1, failures + 1),
               since = IF(failures = 1, VALUES(since), since),
               locked_until = IF(failures < :max_failures, NULL, COALESCE(locked_until, :locked_until))
        """,
        {
            "account_hash": account_hash,
            "address": address,
            "now": tx.now,
            "window_began": tx.now - FAILURE_WINDOW,
            "max_failures": MAX_FAILURES,
            "locked_until": tx.now + LOCKED_FOR,
        },
    )
    row = tx.execute(
        """
        SELECT failures, locked_until
        FROM login_failures
        WHERE account_hash = :account_hash
          AND address = :address
        """,
        {"account_hash": account_hash, "address": address},
    ).one()
    return LoginFailures(row.failures, from_nullable_column(row.locked_until))


def delete(tx: Transaction, account_hash: bytes, address: str) -> None:
    """Forget the failures: the right password was given."""
    tx.execute(
        """
        DELETE FROM login_failures
        WHERE account_hash = :account_hash
          AND address = :address
        """,
        {"account_hash": account_hash, "address": address},
    )


def delete_of_account(tx: Transaction, account_hash: bytes) -> None:
    """Forget the failures from every address."""
    tx.execute("DELETE FROM login_failures WHERE account_hash = :account_hash", {"account_hash": account_hash})


def delete_older(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` counts whose window began before that time and that lock nothing; returns how many."""
    return tx.execute(
        """
        DELETE FROM login_failures
        WHERE since < :before
          AND (locked_until IS NULL OR locked_until < :now)
        LIMIT :limit
        """,
        {"before": before, "now": tx.now, "limit": limit},
    ).rowcount
