from datetime import UTC, datetime, timedelta

import pytest

from app.rules.auth_rules import (
    LoginFailures,
    TokenFamily,
    account_hash,
    is_good,
    is_reused,
    seconds_locked,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(("locked_for", "seconds"), [(900, 900), (0.2, 1), (0, 0), (-60, 0), (None, 0)])
def test_a_lock_says_how_long_it_lasts(locked_for: float | None, seconds: int) -> None:
    until = None if locked_for is None else NOW + timedelta(seconds=locked_for)
    assert seconds_locked(LoginFailures(5, until), NOW) == seconds


def test_no_failures_lock_nothing() -> None:
    assert seconds_locked(None, NOW) == 0


def test_a_known_account_is_counted_once_for_all_its_names() -> None:
    assert account_hash(7, "name") == account_hash(7, "mail@example.com") != account_hash(8, "name")
    assert account_hash(None, "name") != account_hash(None, "other")


def family(**changes: object) -> TokenFamily:
    facts = {"id": b"", "user_id": 1, "generation": 3, "expires_at": NOW + timedelta(days=1), "revoked_at": None}
    return TokenFamily(**{**facts, **changes})  # type: ignore[arg-type]


def test_only_the_newest_token_of_a_living_family_is_good() -> None:
    assert is_good(family(), 3, NOW)
    assert not is_good(family(), 2, NOW)
    assert not is_good(family(), 4, NOW)
    assert not is_good(family(expires_at=NOW), 3, NOW)
    assert not is_good(family(revoked_at=NOW), 3, NOW)


def test_an_older_token_of_a_living_family_was_used_before() -> None:
    assert is_reused(family(), 2)
    assert not is_reused(family(), 3)
    assert not is_reused(family(revoked_at=NOW), 2)
