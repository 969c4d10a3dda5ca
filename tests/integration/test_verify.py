"""`flask laurel verify`: silent when all is well, exact when something is not."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.cli.laurel import laurel_cli
from app.services import verify_service
from app.services.verify_service import find_drift
from tests.support.boards import deliver
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
            {"xp": 7, "soft_currency": 0, "level": 0},
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


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE player_progress SET xp = xp + 70000, soft_currency = -3 WHERE user_id = :id",
        "UPDATE player_progress SET level = level + 1 WHERE user_id = :id",
        "UPDATE player_progress SET board_hidden = TRUE WHERE user_id = :id",
        "UPDATE statistics_daily SET wins = 0, losses = 9, score_sum = 1 WHERE user_id = :id",
        "UPDATE statistics_daily SET day = '2020-01-01' WHERE user_id = :id",
        "DELETE FROM statistics_daily WHERE user_id = :id",
        "UPDATE leaderboard_scores SET score = 31 WHERE user_id = :id",
        "UPDATE leaderboard_scores SET achieved_at = achieved_at + INTERVAL 1 SECOND WHERE user_id = :id",
        "UPDATE leaderboard_scores SET hidden = TRUE WHERE user_id = :id",
        "UPDATE leaderboard_scores SET season = 1000 + season WHERE user_id = :id",
        "DELETE FROM leaderboard_scores WHERE user_id = :id",
    ],
)
def test_damage_is_repaired(app: Flask, settled: Player, sql: Sql, damage: str) -> None:
    tables = {
        "player_progress": "user_id, xp, level, soft_currency, board_hidden",
        "statistics_daily": "user_id, day, events_count, playtime_seconds, wins, losses, score_sum",
        "leaderboard_scores": "board_code, season, user_id, score, achieved_at, hidden",
    }

    def state() -> list[Any]:
        return [
            sql(f"SELECT {columns} FROM {table} WHERE user_id = :id ORDER BY 1, 2", id=settled.id)
            for table, columns in tables.items()
        ]

    deliver(app, sql)  # of whom something waits there, what the boards show is not final
    before = state()
    sql(damage, id=settled.id)
    result = app.test_cli_runner().invoke(laurel_cli, ["verify", "--repair"])
    if "season = 1000" in damage or "2020" in damage:
        sql("DELETE FROM leaderboard_scores WHERE season > 1000")
        sql("DELETE FROM statistics_daily WHERE day = '2020-01-01'")
    assert f"user {settled.id}" in result.output
    assert drift_of(settled) == []
    assert state() == before


def test_a_repair_keeps_what_voids_and_bans_did(
    app: Flask, client: FlaskClient, settled: Player, admin: Player, sql: Sql
) -> None:
    (best,) = sql("SELECT id FROM matches WHERE user_id = :id AND score = 30", id=settled.id)
    void = client.post(f"/api/v1/admin/matches/{best.id}/void", json={"reason": "r"}, headers=admin.headers)
    assert void.status_code == 200
    sql("UPDATE users SET status = 'banned' WHERE id = :id", id=settled.id)
    verify_service.repair_user(settled.id)
    (score,) = sql("SELECT score, hidden FROM leaderboard_scores WHERE user_id = :id", id=settled.id)
    assert (score.score, score.hidden) == (20, 1)
    assert drift_of(settled) == []
