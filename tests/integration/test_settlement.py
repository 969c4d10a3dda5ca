"""One settlement: what it writes, and that it is all of it or nothing, once."""

import json
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from app.repositories import match_repo
from app.transaction import Statement, Transaction, server_errno, transaction
from tests.support.players import Player, at_once, finish_body, new_player, open_match

Sql = Callable[..., list[Any]]

TABLES = ("game_events", "statistics_daily", "leaderboard_scores", "reward_ledger")


def finish(client: FlaskClient, player: Player, match_id: int, **result: object) -> Any:
    return client.post("/match/finish", json=finish_body(match_id, **result), headers=player.headers)


def written(sql: Sql, player: Player) -> dict[str, Any]:
    """Everything a settlement can change for a player."""
    state: dict[str, Any] = {
        table: [tuple(row) for row in sql(f"SELECT * FROM {table} WHERE user_id = :id", id=player.id)]
        for table in (*TABLES, "player_progress", "matches")
    }
    state["outbox"] = sql("SELECT COUNT(*) FROM outbox WHERE event_key = :id", id=str(player.id))[0][0]
    return state


def test_a_finish_writes_every_row_of_the_settlement(app: Flask, client: FlaskClient, player: Player, sql: Sql) -> None:
    match_id = open_match(app, player)
    (board,) = sql("SELECT season FROM leaderboards WHERE board_code = 'td_score'")
    answer = client.post(
        "/match/finish", json=finish_body(match_id), headers={**player.headers, "X-Request-Id": "req_settle1"}
    )
    assert answer.status_code == 200
    data = answer.get_json()["data"]
    server_time = data.pop("serverTime")
    assert data == {
        "matchId": match_id,
        "rewards": {"xp": 170, "softCurrency": 340},
        "leaderboard": {"boardCode": "td_score", "season": board.season, "score": 12450},
        "requestId": "req_settle1",
    }

    (event,) = sql("SELECT * FROM game_events WHERE user_id = :id", id=player.id)
    assert (event.event_type, event.session_id) == ("match_finish", None)
    assert json.loads(event.payload_json) == {
        "requestId": "req_settle1",
        "matchId": match_id,
        "result": {"isWin": True, "score": 12450, "durationSeconds": 410, "waveReached": 12},
    }
    (progress,) = sql("SELECT xp, level, soft_currency FROM player_progress WHERE user_id = :id", id=player.id)
    assert tuple(progress) == (170, 2, 340)
    (day,) = sql("SELECT * FROM statistics_daily WHERE user_id = :id", id=player.id)
    assert tuple(day)[1:] == (event.created_at.date(), 0, 1, 410, 1, 0, 12450)
    (score,) = sql("SELECT * FROM leaderboard_scores WHERE user_id = :id", id=player.id)
    assert (score.board_code, score.season, score.score) == ("td_score", board.season, 12450)
    (match,) = sql("SELECT * FROM matches WHERE id = :id", id=match_id)
    assert (match.status, match.score, match.xp_granted) == ("finished", 12450, 170)
    finished_at = match.finished_at.isoformat(timespec="milliseconds") + "Z"
    assert finished_at == server_time
    (entry,) = sql("SELECT * FROM reward_ledger WHERE user_id = :id", id=player.id)
    assert (entry.source, entry.source_id, entry.xp, entry.soft_currency) == ("match", match_id, 170, 340)
    (row,) = sql("SELECT * FROM outbox WHERE event_key = :id", id=str(player.id))
    assert (row.event_type, row.done_at) == ("match.finished", None)
    assert json.loads(row.payload_json) == {"match_id": match_id, "request_id": "req_settle1"}


def test_the_same_result_again_gets_the_first_answer_and_writes_nothing(
    app: Flask, client: FlaskClient, player: Player, sql: Sql
) -> None:
    match_id = open_match(app, player)
    first = finish(client, player, match_id)
    state = written(sql, player)
    for door, body in (
        ("/match/finish", finish_body(match_id)),
        ("/event", {"eventType": "match_finish", **finish_body(match_id)}),
    ):
        again = client.post(door, json=body, headers=player.headers)
        assert again.status_code == 200
        assert again.data == first.data
        assert again.headers["Idempotency-Replayed"] == "true"
        assert again.headers["X-Request-Id"] != first.headers["X-Request-Id"]
    assert "Idempotency-Replayed" not in first.headers
    assert written(sql, player) == state


@pytest.mark.parametrize("change", [{"score": 12451}, {"isWin": False}, {"durationSeconds": 409}, {"waveReached": 13}])
def test_another_result_is_409_and_writes_nothing(
    app: Flask, client: FlaskClient, player: Player, sql: Sql, change: dict[str, object]
) -> None:
    match_id = open_match(app, player)
    finish(client, player, match_id)
    state = written(sql, player)
    answer = finish(client, player, match_id, **change)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "MATCH_ALREADY_FINISHED")
    assert written(sql, player) == state


def test_somebody_elses_match_and_no_match_look_the_same(
    app: Flask, client: FlaskClient, player: Player, sql: Sql
) -> None:
    other = new_player(app)
    match_id = open_match(app, other)
    for wanted in (match_id, 10**15):
        answer = finish(client, player, wanted)
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (404, "MATCH_NOT_FOUND")
    assert sql("SELECT status FROM matches WHERE id = :id", id=match_id)[0].status == "started"


def test_without_a_progress_row_nothing_is_written(app: Flask, client: FlaskClient, player: Player, sql: Sql) -> None:
    match_id = open_match(app, player)
    sql("DELETE FROM player_progress WHERE user_id = :id", id=player.id)
    state = written(sql, player)
    answer = finish(client, player, match_id)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (404, "PROGRESS_NOT_FOUND")
    assert written(sql, player) == state


def test_an_abandoned_match_cannot_be_finished(app: Flask, client: FlaskClient, player: Player, sql: Sql) -> None:
    match_id = open_match(app, player)
    sql("UPDATE matches SET status = 'abandoned' WHERE id = :id", id=match_id)
    answer = finish(client, player, match_id)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "MATCH_ABANDONED")


def test_the_board_keeps_the_best_score_and_when_it_was_first_reached(
    app: Flask, client: FlaskClient, player: Player, sql: Sql
) -> None:
    def board() -> tuple[int, Any]:
        (row,) = sql("SELECT score, achieved_at FROM leaderboard_scores WHERE user_id = :id", id=player.id)
        return row.score, row.achieved_at

    seen = []
    for score in (500, 400, 500, 501):
        finish(client, player, open_match(app, player), score=score)
        seen.append(board())
    assert [score for score, _ in seen] == [500, 500, 500, 501]
    assert seen[0][1] == seen[1][1] == seen[2][1] < seen[3][1]


def test_the_counters_of_a_day_add_up(app: Flask, client: FlaskClient, player: Player, sql: Sql) -> None:
    for is_win, score in ((True, 10), (False, 20), (True, 30)):
        finish(client, player, open_match(app, player), isWin=is_win, score=score)
    days = sql(
        "SELECT SUM(events_count), SUM(wins), SUM(losses), SUM(score_sum), SUM(playtime_seconds), SUM(sessions_count)"
        " FROM statistics_daily WHERE user_id = :id",
        id=player.id,
    )
    assert [int(value) for value in days[0]] == [3, 2, 1, 60, 1230, 0]


# ---- all or nothing


def test_a_fault_anywhere_in_the_packet_undoes_everything_and_the_next_try_settles(
    app: Flask, client: FlaskClient, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = Statement("SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the power went out'", {})
    batch = Transaction.batch
    for broken in range(6):
        player = new_player(app)
        match_id = open_match(app, player)
        state = written(sql, player)

        def with_fault(tx: Transaction, statements: Sequence[Statement], *, broken: int = broken) -> None:
            assert len(statements) == 5
            batch(tx, [*statements[:broken], fault, *statements[broken:]])

        with monkeypatch.context() as patch:
            patch.setattr(Transaction, "batch", with_fault)
            answer = finish(client, player, match_id)
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (500, "TX_FAILED")
        assert "power" not in answer.get_data(as_text=True)
        assert written(sql, player) == state
        assert finish(client, player, match_id).status_code == 200
        assert len(written(sql, player)["game_events"]) == 1


def test_a_fault_in_any_repository_call_is_tx_failed(
    app: Flask, client: FlaskClient, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = [
        "match_repo.lock_with_progress",
        "events_repo.insert_game_event",
        "match_repo.write_settlement",
        "stats_repo.add_match",
        "leaderboard_repo.upsert_best_score",
        "outbox_repo.insert",
    ]

    def raise_fault(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("a bug")

    for call in calls:
        player = new_player(app)
        match_id = open_match(app, player)
        state = written(sql, player)
        with monkeypatch.context() as patch:
            patch.setattr(f"app.repositories.{call}", raise_fault)
            answer = finish(client, player, match_id)
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (500, "TX_FAILED"), call
        assert written(sql, player) == state, call
        assert finish(client, player, match_id).status_code == 200, call


def test_a_settlement_locks_match_and_progress_but_not_the_board(app: Flask, player: Player, engine: Engine) -> None:
    match_id = open_match(app, player)

    def is_locked(statement: str) -> bool:
        with engine.connect() as other:
            other.exec_driver_sql("SET SESSION innodb_lock_wait_timeout = 1")
            try:
                other.exec_driver_sql(statement)
            except OperationalError as exc:
                if server_errno(exc) != 1205:
                    raise
                return True
            return False

    @transaction("hold_match")
    def hold(tx: Transaction) -> list[bool]:
        match_repo.lock_with_progress(tx, user_id=player.id, match_id=match_id, board_code="td_score")
        return [
            is_locked(f"UPDATE matches SET mode = NULL WHERE user_id = {player.id} AND id = {match_id}"),
            is_locked(f"UPDATE player_progress SET xp = xp WHERE user_id = {player.id}"),
            is_locked("UPDATE leaderboards SET season = season WHERE board_code = 'td_score'"),
        ]

    with app.app_context():
        assert hold() == [True, True, False]


# ---- once


def test_fifty_identical_finishes_settle_once(app: Flask, player: Player, sql: Sql) -> None:
    match_id = open_match(app, player)
    answers = at_once(app, [lambda: finish(app.test_client(), player, match_id) for _ in range(50)])
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.data for answer in answers}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
    state = written(sql, player)
    assert [len(state[table]) for table in TABLES] == [1, 1, 1, 1]
    assert state["outbox"] == 1


def test_fifty_different_finishes_of_one_match_settle_one_of_them(app: Flask, player: Player, sql: Sql) -> None:
    match_id = open_match(app, player)

    def call(score: int) -> Callable[[], Any]:
        return lambda: finish(app.test_client(), player, match_id, score=score)

    answers = at_once(app, [call(score) for score in range(50)])
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 49
    (match,) = sql("SELECT score FROM matches WHERE id = :id", id=match_id)
    (winner,) = [answer for answer in answers if answer.status_code == 200]
    assert winner.get_json()["data"]["leaderboard"]["score"] == match.score


def test_two_hundred_threads_over_twenty_players_lose_no_update(app: Flask, sql: Sql) -> None:
    players = [new_player(app) for _ in range(20)]
    chance = random.Random(7)
    jobs = [
        (player, open_match(app, player), chance.randrange(1000), chance.randrange(50))
        for player in players
        for _ in range(100)
    ]
    chance.shuffle(jobs)

    def share(number: int) -> Callable[[], list[int]]:
        def work() -> list[int]:
            client = app.test_client()
            return [
                finish(client, player, match_id, score=score, waveReached=wave).status_code
                for player, match_id, score, wave in jobs[number::200]
            ]

        return work

    statuses = [status for part in at_once(app, [share(number) for number in range(200)]) for status in part]
    assert statuses == [200] * 2000
    for player in players:
        own = [(score, wave) for who, _, score, wave in jobs if who is player]
        expected = (sum(50 + wave * 10 for _, wave in own), sum(100 + wave * 20 for _, wave in own))
        (progress,) = sql("SELECT xp, soft_currency FROM player_progress WHERE user_id = :id", id=player.id)
        (ledger,) = sql("SELECT SUM(xp), SUM(soft_currency) FROM reward_ledger WHERE user_id = :id", id=player.id)
        (board,) = sql("SELECT score FROM leaderboard_scores WHERE user_id = :id", id=player.id)
        (outbox,) = sql("SELECT COUNT(*) FROM outbox WHERE event_key = :id", id=str(player.id))
        (stats,) = sql(
            "SELECT SUM(events_count), SUM(score_sum) FROM statistics_daily WHERE user_id = :id", id=player.id
        )
        assert tuple(progress) == tuple(int(value) for value in ledger) == expected
        assert board.score == max(score for score, _ in own)
        assert outbox[0] == 100
        assert tuple(int(value) for value in stats) == (100, sum(score for score, _ in own))
