import pytest

from app.canonical_json import canonical_hash, canonical_json


def test_equal_values_have_one_spelling() -> None:
    assert canonical_json({"б": [1, None], "a": "ё"}) == '{"a":"ё","б":[1,null]}'
    assert canonical_hash({"a": 1, "b": 2}) == canonical_hash({"b": 2, "a": 1})


def test_different_values_have_different_hashes() -> None:
    assert canonical_hash({"mode": None}) != canonical_hash({"mode": "null"})


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_is_not_json_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json({"a": number})
