import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.progress_rules import level_for_xp


@pytest.mark.parametrize(("xp", "level"), [(-1, 1), (0, 1), (99, 1), (100, 2), (399, 2), (400, 3), (10_000, 11)])
def test_level_is_one_plus_the_root_of_a_hundredth_of_xp(xp: int, level: int) -> None:
    assert level_for_xp(xp) == level


@given(st.integers(0, 2**63 - 1))
def test_level_is_exact_at_any_size(xp: int) -> None:
    below = level_for_xp(xp) - 1
    assert 100 * below**2 <= xp < 100 * (below + 1) ** 2
