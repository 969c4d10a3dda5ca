from datetime import UTC, datetime, timedelta

import pytest

from app.rules.auth_rules import (
    LoginFailures,
    TokenFamily,
    account_hash,
    address_block,
    is_good,
    is_reused,
    seconds_locked,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("failures", "minutes_ago", "seconds"),
    [(4, 0, 0), (5, 0, 900), (5, 14, 60), (9, 14, 60), (5, 15, 0), (5, 60, 0)],
)
def test_five_failures_lock_for_the_rest_of_the_quarter_of_an_hour(
    failures: int, minutes_ago: int, seconds: int
) -> None:
    assert seconds_locked(LoginFailures(failures, NOW - timedelta(minutes=minutes_ago)), NOW) == seconds


def test_no_failures_lock_nothing() -> None:
    assert seconds_locked(None, NOW) == 0


def test_a_known_account_is_counted_once_for_all_its_names() -> None:
    assert account_hash(7, "name") == account_hash(7, "mail@example.com") != account_hash(8, "name")
    assert account_hash(None, "name") != account_hash(None, "other")


@pytest.mark.parametrize(
    ("address", "block"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("unix:", "unix:"),
        ("", ""),
    ],
)
def test_attempts_are_counted_per_customer_not_per_ipv6_address(address: str, block: str) -> None:
    assert address_block(address) == block


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
