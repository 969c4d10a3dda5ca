"""`flask laurel verify`: silent when all is well, exact when something is not."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.cli.laurel import laurel_cli
from app.services import verify_service
from app.services.verify_service import find_drift
from tests.support.players import Player, finish_body, new_player, open_match

Sql = Callable[..., list[Any]]
pytestmark = pytest.mark.usefixtures("app_context")


@pytest.fixture
def settled(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> Player:
    """A player with three settled matches."""
    player = new_player(app)
    for score in (10, 30, 20):
        body = finish_body(open_match(app, player), score=score)
        assert client.post("/match/finish", json=body, headers=player.headers).status_code == 200
    return player


def drift_of(player: Player) -> list[tuple[str, dict[str, int]]]:
    return [(drift.table, drift.difference) for drift in find_drift() if drift.user_id == player.id]


def test_settled_matches_leave_no_drift(settled: Player, monkeypatch: pytest.MonkeyPatch) -> None:
    assert drift_of(settled) == []
    monkeypatch.setattr(verify_service, "USERS_AT_ONCE", 3)
    assert drift_of(settled) == []


@pytest.mark.parametrize(
    ("damage", "table", "difference"),
    [
        (
            "UPDATE player_progress SET xp = xp + 7 WHERE user_id = :id",
            "player_progress",
            {"xp": 7, "soft_currency": 0},
        ),
        (
            "UPDATE statistics_daily SET wins = wins - 1 WHERE user_id = :id",
            "statistics_daily",
            {"events_count": 0, "playtime_seconds": 0, "wins": -1, "losses": 0, "score_sum": 0},
        ),
        (
            "DELETE FROM statistics_daily WHERE user_id = :id",
            "statistics_daily",
            {"events_count": -3, "playtime_seconds": -1230, "wins": -3, "losses": 0, "score_sum": -60},
        ),
        (
            "UPDATE leaderboard_scores SET score = 29 WHERE user_id = :id",
            "leaderboard_scores",
            {"score": -1, "entries": 0},
        ),
        (
            "DELETE FROM leaderboard_scores WHERE user_id = :id",
            "leaderboard_scores",
            {"score": -30, "entries": -1},
        ),
    ],
)
def test_damage_is_found_and_measured(
    app: Flask, settled: Player, sql: Sql, damage: str, table: str, difference: dict[str, int]
) -> None:
    sql(damage, id=settled.id)
    assert drift_of(settled) == [(table, difference)]
    result = app.test_cli_runner().invoke(laurel_cli, ["verify"])
    assert result.exit_code == 1
    assert f"{table} user {settled.id}" in result.output
    for name in ("player_progress", "statistics_daily", "leaderboard_scores", "matches"):
        sql(f"DELETE FROM {name} WHERE user_id = :id", id=settled.id)
