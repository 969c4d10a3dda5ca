import pytest

from app.rules.user_rules import case_folded, tidy_username


@pytest.mark.parametrize("name", ["a", "demo", "Ёж_2", "a.b-c", "_x", "x" * 32, "玩家"])
def test_names_of_any_script_are_kept(name: str) -> None:
    assert tidy_username(name) == name


@pytest.mark.parametrize("name", ["", " ", "a b", "-a", ".a", "x" * 33, "a\n", "a\x00", "<b>", "a\u202eb", "😀"])
def test_other_names_are_refused(name: str) -> None:
    assert tidy_username(name) is None


def test_compatibility_forms_are_kept_in_their_plain_form() -> None:
    assert tidy_username("ｄｅｍｏ") == "demo"


def test_case_does_not_make_another_name_but_an_accent_does() -> None:
    assert case_folded("ЁЖ") == case_folded("ёж")
    assert case_folded("ёж") != case_folded("еж")
    assert case_folded("STRASSE") == case_folded("straße")
