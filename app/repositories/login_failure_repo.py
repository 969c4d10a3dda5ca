"""login_failures: failed attempts to sign in, per account and address."""

from datetime import datetime

from app.clock import from_nullable_column
from app.rules.auth_rules import FAILURE_WINDOW, LOCKED_FOR, MAX_FAILURES, LoginFailures
from app.transaction import Transaction

# Assignments run from left to right: each looks at the old values of those that follow it.


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


def count(tx: Transaction, account_hash: bytes, address: str) -> None:
    """Count one failure of an account that is not locked; one after the window begins a new window."""
    tx.execute(
        """
        INSERT INTO login_failures (account_hash, address, failures, since)
        VALUES (:account_hash, :address, 1, :now)
        ON DUPLICATE KEY UPDATE
               locked_until = IF(since > :window_began AND failures + 1 >= :max_failures, :locked_until, NULL),
               failures = IF(since > :window_began, failures + 1, 1),
               since = IF(since > :window_began, since, VALUES(since))
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
