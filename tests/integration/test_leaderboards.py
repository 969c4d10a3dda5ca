"""Leaderboards: order, ranks, surroundings, seasons, hidden players."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import time_machine
from flask import Flask

from app.clock import utc_now
from app.middleware import revocations
from app.repositories import leaderboard_rank_repo
from app.rules import leaderboard_rules
from app.services import leaderboard_service
from app.services.verify_service import find_drift
from app.transaction import Transaction, transaction
from tests.support.boards import (
    BOARD,
    Sql,
    deliver,
    listed,
    open_season,
    read,
    recounted,
    set_status,
    settle,
    settle_without_token,
)
from tests.support.players import Player, at_once, new_player


@pytest.fixture
def season(app: Flask, admin: Player) -> int:
    """A season of the test's own."""
    number: int = open_season(app, admin).get_json()["data"]["season"]
    return number


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """The clock stands still until a test moves it."""
    with time_machine.travel(utc_now(), tick=False) as traveller:
        yield traveller


def test_higher_scores_come_first_with_names_as_they_are_now(app: Flask, season: int, sql: Sql) -> None:
    players = [new_player(app) for _ in range(5)]
    for player, score in zip(players, (30, 50, 10, 40, 20), strict=True):
        settle(app, player, score=score)
    sql("UPDATE users SET display_name = 'Renamed' WHERE id = :id", id=players[1].id)
    board = read(app, players[0])
    assert (board["board_code"], board["season"], board["total"]) == ("td_score", season, 5)
    assert listed(board) == recounted(sql, season)
    assert [item["score"] for item in board["items"]] == [50, 40, 30, 20, 10]
    assert set(board["items"][0]) == {"rank", "user_id", "display_name", "score", "achieved_at"}
    assert board["items"][0]["display_name"] == "Renamed"
    part = read(app, players[0], "?limit=2&offset=1")
    assert (listed(part), part["total"], part["limit"], part["offset"]) == (recounted(sql, season)[1:3], 5, 2, 1)


def test_of_equal_scores_the_earlier_ranks_higher_also_after_the_later_repeats(
    app: Flask, season: int, clock: time_machine.Traveller
) -> None:
    later_id, earlier_id = new_player(app), new_player(app)  # the ids say the opposite of the times
    settle(app, earlier_id, score=100)
    clock.shift(0.001)
    settle(app, later_id, score=100)
    for _ in range(2):
        assert [item["user_id"] for item in read(app, later_id)["items"]] == [earlier_id.id, later_id.id]
        clock.shift(5)
        settle(app, later_id, score=100)
        settle(app, earlier_id, score=100)
    assert read(app, later_id, "/me")["rank"] == 2
    assert read(app, later_id, "/me")["points_to_next"] == 1
    settle(app, later_id, score=101)
    assert read(app, later_id, "/me")["rank"] == 1


def test_at_the_same_time_the_lower_id_ranks_higher(
    app: Flask, season: int, clock: time_machine.Traveller, sql: Sql
) -> None:
    players = [new_player(app) for _ in range(4)]
    for player in reversed(players):
        settle(app, player, score=7)
    assert listed(read(app, players[0])) == [(n + 1, player.id, 7) for n, player in enumerate(players)]
    assert [read(app, player, "/me")["rank"] for player in players] == [1, 2, 3, 4]
    around = read(app, players[2], "/around-me?limit=3")
    assert listed(around) == recounted(sql, season)[1:4]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 9, 10, 100])
def test_the_surroundings_hold_the_player_in_their_middle(app: Flask, season: int, sql: Sql, limit: int) -> None:
    players = [new_player(app) for _ in range(9)]
    with time_machine.travel(utc_now(), tick=False) as clock:
        for number, player in enumerate(players):
            settle(app, player, score=number // 3)  # three equal ones each, two of them at one time
            clock.shift(number % 3 * 0.001)
    places = recounted(sql, season)
    for player in players:
        shown = listed(read(app, player, f"/around-me?limit={limit}"))
        own = next(position for position, place in enumerate(places) if place[1] == player.id)
        assert len(shown) == min(limit, 9)
        first = places.index(shown[0])
        assert shown == places[first : first + len(shown)]
        assert first <= own < first + len(shown)
        if first > 0 and first + len(shown) < 9:
            assert own - first == limit // 2


def test_ones_own_standing(app: Flask, season: int) -> None:
    players = [new_player(app) for _ in range(4)]
    for player, score in zip(players, (400, 300, 200, 100), strict=True):
        settle(app, player, score=score)
    standings = [read(app, player, "/me") for player in players]
    figures = [(s["rank"], s["score"], s["percentile"], s["points_to_next"], s["total"]) for s in standings]
    assert figures == [(1, 400, 100, None, 4), (2, 300, 75, 101, 4), (3, 200, 50, 101, 4), (4, 100, 25, 101, 4)]
    assert standings[0]["season"] == season


def test_who_has_no_score_is_404(app: Flask, season: int, player: Player) -> None:
    for path in ("/me", "/around-me"):
        assert read(app, player, path, 404) == "SCORE_NOT_FOUND"
    assert read(app, player)["items"] == []
    settle(app, player)
    assert read(app, player, f"/me?season={season}")["rank"] == 1
    assert read(app, player, f"/me?season={season - 1}", 404) == "SCORE_NOT_FOUND"
    assert read(app, player, f"?season={season + 1}", 404) == "SEASON_NOT_FOUND"


def test_an_unknown_board_is_404(app: Flask, player: Player, admin: Player) -> None:
    client = app.test_client()
    for path in ("", "/me", "/around-me", "/seasons"):
        answer = client.get(f"/api/v1/leaderboards/nothing{path}", headers=player.headers)
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (404, "LEADERBOARD_NOT_FOUND")
    answer = client.post("/api/v1/admin/leaderboards/nothing/seasons", json={}, headers=admin.headers)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (404, "LEADERBOARD_NOT_FOUND")
    for code in ("TD_SCORE", "td_score%20", "%C3%A9", "x" * 33):
        assert client.get(f"/api/v1/leaderboards/{code}", headers=player.headers).status_code == 404


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "offset=-1", "offset=10001", "season=0", "season=1.0", "season=x", "page=1"]
)
def test_bad_queries_are_400(app: Flask, player: Player, query: str) -> None:
    read(app, player, f"?{query}", 400)


def test_ranks_that_are_too_deep_are_null(app: Flask, season: int, sql: Sql, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaderboard_service, "MAX_COUNTED", 3)
    players = [new_player(app) for _ in range(5)]
    for number, player in enumerate(players):
        settle(app, player, score=100 - number)
    standings = [read(app, player, "/me") for player in players]
    assert [(s["rank"], s["percentile"], s["total"]) for s in standings] == [
        (1, None, None),
        (2, None, None),
        (3, None, None),
        (None, None, None),
        (None, None, None),
    ]
    assert [item["rank"] for item in read(app, players[4], "/around-me?limit=3")["items"]] == [None] * 3
    assert leaderboard_rules.MAX_COUNTED == 10_000


def test_the_largest_scores_keep_their_order(app: Flask, season: int, sql: Sql) -> None:
    players = [new_player(app) for _ in range(3)]
    for player, score in zip(players, (2**63 - 3, 2**63 - 1, 2**63 - 2), strict=True):
        sql(
            "INSERT INTO leaderboard_scores (board_code, season, user_id, score, achieved_at, updated_at)"
            " VALUES ('td_score', :season, :id, :score, NOW(3), NOW(3))",
            season=season,
            id=player.id,
            score=score,
        )
    assert [read(app, player, "/me")["rank"] for player in players] == [3, 1, 2]
    assert read(app, players[0], "/me")["points_to_next"] == 2
    sql("DELETE FROM leaderboard_scores WHERE season = :season", season=season)


def test_a_banned_player_leaves_the_boards_and_comes_back(app: Flask, season: int, admin: Player, sql: Sql) -> None:
    players = [new_player(app) for _ in range(4)]
    for number, player in enumerate(players):
        settle(app, player, score=100 - number)
    before = read(app, players[0])
    set_status(app, admin, sql, players[1], "banned")
    shown = read(app, players[0])
    assert listed(shown) == recounted(sql, season)
    assert [item["rank"] for item in shown["items"]] == [1, 2, 3]
    assert players[1].id not in [item["user_id"] for item in shown["items"]]
    assert shown["total"] == 3
    assert read(app, players[2], "/me")["points_to_next"] == 3
    assert len(sql("SELECT 1 FROM leaderboard_scores WHERE season = :s", s=season)) == 4  # scores are facts
    set_status(app, admin, sql, players[1], "active")
    assert read(app, players[0]) == before


def test_a_score_that_is_settled_during_the_ban_is_hidden_too(
    app: Flask, season: int, admin: Player, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revocations, "POLL_SECONDS", 1_000.0)
    player, other = new_player(app), new_player(app)
    match_id = settle(app, player)
    sql("DELETE FROM leaderboard_scores WHERE user_id = :id", id=player.id)
    sql("DELETE FROM matches WHERE id = :id", id=match_id)
    set_status(app, admin, sql, player, "banned")
    settle_without_token(app, player, score=5)
    settle(app, other, score=4)
    assert [item["user_id"] for item in read(app, other)["items"]] == [other.id]
    assert read(app, other, "/me")["rank"] == 1
    set_status(app, admin, sql, player, "active")
    assert [item["user_id"] for item in read(app, other)["items"]] == [player.id, other.id]
    for table in ("player_progress", "statistics_daily", "leaderboard_scores", "matches"):
        sql(f"DELETE FROM {table} WHERE user_id = :id", id=player.id)


def test_an_erased_player_leaves_the_boards(app: Flask, season: int, sql: Sql) -> None:
    player, other = new_player(app), new_player(app)
    settle(app, player, score=5)
    settle(app, other, score=4)
    assert app.test_client().delete("/api/v1/users/me", headers=player.headers).status_code == 200
    deliver(app, sql)
    assert listed(read(app, other)) == [(1, other.id, 4)]


def test_a_ban_hides_the_scores_of_every_season(app: Flask, season: int, admin: Player, sql: Sql) -> None:
    player, other = new_player(app), new_player(app)
    for score in (9, 8):
        settle(app, player, score=score)
        settle(app, other, score=1)
        open_season(app, admin)
    settle(app, player, score=7)
    set_status(app, admin, sql, player, "banned")
    for number in (season, season + 1, season + 2):
        assert player.id not in [item["user_id"] for item in read(app, other, f"?season={number}")["items"]]
    assert [row.hidden for row in sql("SELECT hidden FROM leaderboard_scores WHERE user_id = :id", id=player.id)] == [
        1,
        1,
        1,
    ]


def test_seasons_open_one_after_the_other_and_old_ones_stay_readable(
    app: Flask, season: int, admin: Player, player: Player
) -> None:
    settle(app, player, score=11)
    answer = open_season(app, admin)
    data = answer.get_json()["data"]
    assert (answer.status_code, data["season"], data["closed_at"]) == (201, season + 1, None)
    settle(app, player, score=3)
    assert [item["score"] for item in read(app, player)["items"]] == [3]
    assert [item["score"] for item in read(app, player, f"?season={season}")["items"]] == [11]
    seasons = read(app, player, "/seasons?limit=2")
    assert [item["season"] for item in seasons["items"]] == [season + 1, season]
    assert seasons["total"] == season + 1
    assert seasons["items"][0]["closed_at"] is None
    assert seasons["items"][1]["closed_at"] == data["opened_at"]


def test_two_openings_at_once_leave_no_gap(app: Flask, season: int, admin: Player, sql: Sql) -> None:
    answers = at_once(app, [partial(open_season, app, admin) for _ in range(2)])
    assert sorted(answer.get_json()["data"]["season"] for answer in answers) == [season + 1, season + 2]
    named = at_once(app, [partial(open_season, app, admin, season=season + 3) for _ in range(4)])
    assert [answer.status_code for answer in named] == [201] * 4
    assert {answer.get_json()["data"]["season"] for answer in named} == {season + 3}
    assert sorted(answer.headers.get("Idempotency-Replayed", "") for answer in named) == ["", "true", "true", "true"]
    open_ones = sql("SELECT season FROM leaderboard_seasons WHERE board_code = 'td_score' AND closed_at IS NULL")
    assert [row.season for row in open_ones] == [season + 3]
    for wrong in (season + 2, season + 5):
        answer = open_season(app, admin, season=wrong)
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "CONFLICT")


def test_a_match_settled_while_a_season_opens_counts_for_exactly_one(
    app: Flask, season: int, admin: Player, sql: Sql
) -> None:
    players = [new_player(app) for _ in range(24)]
    calls = [partial(settle, app, player, score=5) for player in players]
    at_once(app, [*calls[:12], lambda: open_season(app, admin).status_code, *calls[12:]])
    counted = sql("SELECT season, user_id FROM leaderboard_scores WHERE season >= :s", s=season)
    assert len(counted) == 24
    assert {row.season for row in counted} <= {season, season + 1}
    receipts = sql("SELECT season, user_id FROM matches WHERE season >= :s", s=season)
    assert sorted(tuple(row) for row in receipts) == sorted(tuple(row) for row in counted)
    ids = {player.id for player in players}
    with app.app_context():
        assert [drift for drift in find_drift() if drift.user_id in ids] == []


def test_opening_a_season_is_the_admins_affair(app: Flask) -> None:
    for role in ("player", "support", "moderator", "system"):
        assert open_season(app, new_player(app, [role])).status_code == 403


def test_any_signed_in_caller_reads_the_board(app: Flask) -> None:
    for role in ("player", "support", "moderator", "system", "admin"):
        read(app, new_player(app, [role]))
        assert app.test_client().get(BOARD).status_code == 401


def test_two_hundred_finishes_at_once_and_every_rank_is_right(app: Flask, season: int, sql: Sql) -> None:
    players = [new_player(app) for _ in range(50)]
    calls = [partial(settle, app, player, score=score % 17) for score in range(4) for player in players]
    at_once(app, calls)
    places = recounted(sql, season)
    assert len(places) == 50
    assert listed(read(app, players[0], "?limit=100")) == places
    for rank, user_id, score in places:
        player = next(player for player in players if player.id == user_id)
        own = read(app, player, "/me")
        assert (own["rank"], own["score"]) == (rank, score)


def test_rank_repo_agrees_with_a_recount_at_every_place(app: Flask, season: int, sql: Sql) -> None:
    """Above and below of every entry are the whole board."""
    players = [new_player(app) for _ in range(12)]
    with time_machine.travel(utc_now(), tick=False) as clock:
        for number, player in enumerate(players):
            clock.shift((number % 2) * 0.001)
            settle(app, player, score=number // 4)
    board = {"board_code": "td_score", "season": season}
    places = [user_id for _, user_id, _ in recounted(sql, season)]
    with app.app_context():
        for position, user_id in enumerate(places):
            own, above, below = _neighbours(user_id, board)
            assert [entry.user_id for entry in above] == places[:position][::-1]
            assert [entry.user_id for entry in below] == places[position + 1 :]
            assert own.user_id == user_id


def _neighbours(user_id: int, board: dict[str, Any]) -> Any:
    @transaction("neighbours_for_test")
    def read_all(tx: Transaction) -> Any:
        own = leaderboard_rank_repo.find(tx, user_id=user_id, **board)
        assert own is not None
        above = leaderboard_rank_repo.list_above(tx, own, limit=100, **board)
        return own, above, leaderboard_rank_repo.list_below(tx, own, limit=100, **board)

    return read_all()
