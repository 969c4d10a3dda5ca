"""Accounts and demo data."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app.errors import InvalidRequest, UserAlreadyExists, UserNotFound
from app.services import demo_service, user_service
from tests.support.players import at_once

Sql = Callable[..., list[Any]]
pytestmark = pytest.mark.usefixtures("app_context")


def test_a_new_user_has_progress_at_the_start(sql: Sql) -> None:
    user_id = user_service.create_user(username="Newcomer", email="new@example.com")
    (progress,) = sql("SELECT xp, level, soft_currency FROM player_progress WHERE user_id = :id", id=user_id)
    assert tuple(progress) == (0, 1, 0)
    user = user_service.get_user_by_username("newcomer")
    assert (user.id, user.username, user.roles, user.status) == (user_id, "Newcomer", {"player"}, "active")


def test_a_taken_name_or_email_is_refused_in_any_case_and_named(sql: Sql) -> None:
    user_service.create_user(username="Ёжик", email="ezhik@example.com")
    with pytest.raises(UserAlreadyExists) as by_name:
        user_service.create_user(username="ёЖИК", email="other@example.com")
    with pytest.raises(UserAlreadyExists) as by_email:
        user_service.create_user(username="other_ezhik", email="EZHIK@example.com")
    assert (by_name.value.details, by_email.value.details) == ({"username": "taken"}, {"email": "taken"})
    user_service.create_user(username="Ежик", email=None)
    user_service.create_user(username="without_email_too", email=None)
    assert sql("SELECT COUNT(*) FROM users WHERE username = 'other_ezhik'")[0][0] == 0


def test_an_impossible_name_is_refused() -> None:
    with pytest.raises(InvalidRequest) as caught:
        user_service.create_user(username="a b", email=None)
    assert set(caught.value.details or {}) == {"username"}


def test_twenty_registrations_of_one_name_make_one_user(app: Flask, sql: Sql) -> None:
    def register() -> bool:
        try:
            user_service.create_user(username="wanted", email=None)
        except UserAlreadyExists:
            return False
        return True

    assert sum(at_once(app, [register] * 20)) == 1
    assert (
        sql("SELECT COUNT(*) FROM player_progress p JOIN users u ON u.id = p.user_id WHERE username = 'wanted'")[0][0]
        == 1
    )


def test_an_unknown_name_is_not_found() -> None:
    with pytest.raises(UserNotFound):
        user_service.get_user_by_username("nobody")


def test_demo_data_are_made_once(sql: Sql) -> None:
    sql("DELETE FROM users WHERE username IN ('demo', 'admin', 'engine')")
    sql("DELETE FROM matches WHERE id = 987654321")
    sql("DELETE FROM characters WHERE id = 101")
    sql("DELETE FROM inventory WHERE character_id = 101")
    sql("DELETE FROM item_ledger WHERE character_id = 101")
    assert len(demo_service.create_demo_data()) == 5
    assert demo_service.create_demo_data() == []
    (match,) = sql(
        "SELECT u.username, m.status, m.started_at < UTC_TIMESTAMP() - INTERVAL 59 MINUTE AS an_hour_ago"
        " FROM matches m JOIN users u ON u.id = m.user_id WHERE m.id = 987654321"
    )
    assert tuple(match) == ("demo", "started", 1)
    assert not demo_service.is_empty()
