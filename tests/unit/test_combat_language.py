import pytest
from flask import Flask

from app.controllers.combat_result_controller import _language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("ru", "ru"),
        ("ru-RU,en;q=0.5", "ru"),
        ("en-US,ru;q=0.5", "en"),
        ("de,ru;q=0.7,en;q=0.3", "ru"),
        ("ru;q=0,en", "en"),
        ("de", "en"),
        ("*", "en"),
        ("", "en"),
    ],
)
def test_the_message_comes_in_the_language_that_the_client_prefers(header: str, language: str) -> None:
    with Flask("test").test_request_context(headers={"Accept-Language": header}):
        assert _language() == language
