import pytest

from app.rules.rate_limit_rules import address_block


@pytest.mark.parametrize(
    ("address", "block"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("203.0.113.9:5000", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2:3:4:5:6]:5000", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::1]", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("unix:", "unknown"),
        ("ё", "unknown"),
        ("", "unknown"),
    ],
)
def test_requests_are_counted_per_household_not_per_port_or_address(address: str, block: str) -> None:
    assert address_block(address) == block
