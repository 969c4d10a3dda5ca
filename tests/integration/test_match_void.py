"""Voids: what the match itself paid is gone everywhere, once, and every sum still holds."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.services.verify_service import find_drift
from tests.support.players import RESULT, Player, at_once, finish_body, new_player, open_match

Sql = Callable[..., list[Any]]


def settle(app: Flask, client: FlaskClient, player: Player, **result: object) -> int:
    match_id = open_match(app, player)
    answer = client.post("/match/finish", json=finish_body(match_id, **result), headers=player.headers)
    assert answer.status_code == 200
    return match_id


def void(client: FlaskClient, admin: Player, match_id: int, reason: str = "cheated") -> Any:
    return client.post(f"/api/v1/admin/matches/{match_id}/void", json={"reason": reason}, headers=admin.headers)


def progress_of(client: FlaskClient, player: Player) -> tuple[int, int, int]:
    data = client.get("/api/v1/progress/me", headers=player.headers).get_json()["data"]
    return data["xp"], data["level"], data["soft_currency"]


def best_of(sql: Sql, player: Player) -> list[Any]:
    return sql("SELECT score, achieved_at FROM leaderboard_scores WHERE user_id = :id", id=player.id)


def drift_of(app: Flask, player: Player) -> list[Any]:
    with app.app_context():
        return [drift for drift in find_drift() if drift.user_id == player.id]


def test_a_void_takes_back_what_the_match_paid(
    app: Flask, client: FlaskClient, player: Player, admin: Player, sql: Sql
) -> None:
    first = settle(app, client, player, score=100, waveReached=12, durationSeconds=60)
    before = progress_of(client, player)
    (best,) = best_of(sql, player)
    second = settle(app, client, player, score=500, waveReached=40, durationSeconds=70)
    settle(app, client, player, score=100, waveReached=0, durationSeconds=80, isWin=False)
    third = progress_of(client, player)
    answer = void(client, admin, second)
    data = answer.get_json()["data"]
    assert answer.status_code == 200
    assert {key: data[key] for key in ("match_id", "user_id", "status", "reason", "xp", "soft_currency")} == {
        "match_id": second,
        "user_id": player.id,
        "status": "voided",
        "reason": "cheated",
        "xp": -450,
        "soft_currency": -900,
    }
    assert progress_of(client, player) == (third[0] - 450, before[1], third[2] - 900)
    assert data["progress"] == dict(zip(("xp", "level", "soft_currency"), progress_of(client, player), strict=True))
    # the earlier of the two equal scores that are left
    assert best_of(sql, player) == [best]
    assert data["best_score"] == 100
    (day,) = client.get("/api/v1/stats/daily", headers=player.headers).get_json()["data"]["items"]
    assert (day["events_count"], day["wins"], day["losses"], day["playtime_seconds"], day["score_sum"]) == (
        2,
        1,
        1,
        140,
        200,
    )
    ledger = sql("SELECT source, xp FROM reward_ledger WHERE user_id = :u AND source_id = :m", u=player.id, m=second)
    assert sorted((row.source, row.xp) for row in ledger) == [("match", 450), ("match_void", -450)]
    (event,) = sql(
        "SELECT event_type, payload_json FROM outbox WHERE event_key = :k ORDER BY id DESC LIMIT 1", k=str(player.id)
    )
    assert (event.event_type, json.loads(event.payload_json)["match_id"]) == ("match.voided", second)
    (audit,) = sql("SELECT actor_id, details_json FROM audit_log WHERE subject_id = :m", m=str(second))
    assert (audit.actor_id, json.loads(audit.details_json)["reason"]) == (admin.id, "cheated")
    assert drift_of(app, player) == []
    assert first != second


def test_twice_is_once(app: Flask, client: FlaskClient, player: Player, admin: Player, sql: Sql) -> None:
    match_id = settle(app, client, player)
    with app.app_context():
        answers = at_once(app, [lambda: void(app.test_client(), admin, match_id) for _ in range(8)])
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.get_data() for answer in answers}) == 1
    assert sorted(answer.headers.get("Idempotency-Replayed", "") for answer in answers) == [""] + ["true"] * 7
    assert progress_of(client, player) == (0, 1, 0)
    for table, column in (("match_voids", "match_id"), ("audit_log", "subject_id")):
        assert sql(f"SELECT COUNT(*) FROM {table} WHERE {column} = :id", id=match_id)[0][0] == 1
    assert (
        sql("SELECT COUNT(*) FROM outbox WHERE event_key = :k AND event_type = 'match.voided'", k=str(player.id))[0][0]
        == 1
    )
    other = void(client, admin, match_id, reason="another")
    assert (other.status_code, other.get_json()["error"]["code"]) == (409, "CONFLICT")
    assert drift_of(app, player) == []


def test_the_only_score_leaves_the_board_and_a_new_one_enters(
    app: Flask, client: FlaskClient, player: Player, admin: Player, sql: Sql
) -> None:
    match_id = settle(app, client, player, score=900)
    assert void(client, admin, match_id).get_json()["data"]["best_score"] is None
    assert best_of(sql, player) == []
    settle(app, client, player, score=7)
    assert [row.score for row in best_of(sql, player)] == [7]
    assert drift_of(app, player) == []


def test_a_void_of_a_lesser_match_leaves_the_best(
    app: Flask, client: FlaskClient, player: Player, admin: Player, sql: Sql
) -> None:
    settle(app, client, player, score=900)
    before = best_of(sql, player)
    void(client, admin, settle(app, client, player, score=900))
    assert best_of(sql, player) == before


def test_a_voided_match_is_still_shown_and_cannot_be_finished_again(
    app: Flask, client: FlaskClient, player: Player, admin: Player
) -> None:
    match_id = settle(app, client, player)
    path = f"/match/{match_id}"
    before = client.get(path, headers=player.headers).get_json()["data"]
    void(client, admin, match_id)
    assert client.get(path, headers=player.headers).get_json()["data"] == {**before, "status": "voided"}
    for result in ({}, {"score": 1}):
        answer = client.post("/match/finish", json=finish_body(match_id, **result), headers=player.headers)
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "MATCH_VOIDED")


def test_only_a_finished_match_can_be_voided(app: Flask, client: FlaskClient, player: Player, admin: Player) -> None:
    answer = void(client, admin, open_match(app, player))
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "MATCH_NOT_FINISHED")
    answer = void(client, admin, 2**62)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (404, "MATCH_NOT_FOUND")
    match_id = settle(app, client, player)
    for reason in ("", "x" * 501):
        assert void(client, admin, match_id, reason=reason).status_code == 400
    for role in ("player", "support", "system"):
        assert void(client, new_player(app, [role]), match_id).status_code == 403


def test_currency_may_fall_below_zero(app: Flask, client: FlaskClient, player: Player, admin: Player, sql: Sql) -> None:
    match_id = settle(app, client, player, waveReached=0)
    sql("UPDATE player_progress SET soft_currency = 30 WHERE user_id = :id", id=player.id)  # the rest was spent
    void(client, admin, match_id)
    assert progress_of(client, player) == (0, 1, -70)
    sql("UPDATE player_progress SET soft_currency = 0 WHERE user_id = :id", id=player.id)


def test_finishes_and_voids_of_one_player_at_once_leave_no_drift(
    app: Flask, client: FlaskClient, player: Player, admin: Player, sql: Sql
) -> None:
    settled = [settle(app, client, player, score=1000 + n) for n in range(8)]
    opened = [open_match(app, player) for _ in range(8)]

    def void_one(match_id: int) -> int:
        return int(void(app.test_client(), admin, match_id).status_code)

    def finish_one(match_id: int) -> int:
        body = finish_body(match_id, score=opened.index(match_id))
        return app.test_client().post("/match/finish", json=body, headers=player.headers).status_code

    calls = [partial(void_one, match_id) for match_id in settled] + [partial(finish_one, m) for m in opened]
    assert set(at_once(app, calls)) == {200}
    assert [row.score for row in best_of(sql, player)] == [7]
    assert drift_of(app, player) == []


def explained(client: FlaskClient, who: Player, match_id: int) -> Any:
    return client.get(f"/match/{match_id}/explain", headers=who.headers)


def test_every_rule_is_explained_with_its_inputs_and_the_values_before_and_after(
    app: Flask, client: FlaskClient, player: Player, admin: Player
) -> None:
    settle(app, client, player, score=20000)
    match_id = settle(app, client, player)
    settle(app, client, player)
    match = client.get(f"/match/{match_id}", headers=player.headers).get_json()["data"]
    season = match["receipt"]["leaderboard"]["season"]
    data = explained(client, player, match_id).get_json()["data"]
    assert (data["matchId"], data["status"]) == (match_id, "finished")
    wave = {"waveReached": 12}
    xp = {"rule": "match_xp", "version": 1, "target": "xp", "formula": "50 + waveReached * 10", "inputs": wave}
    assert data["rules"] == [
        {**xp, "delta": 170, "before": 170, "after": 340},
        {
            "rule": "match_soft_currency",
            "version": 1,
            "target": "softCurrency",
            "formula": "100 + waveReached * 20",
            "inputs": wave,
            "delta": 340,
            "before": 340,
            "after": 680,
        },
        {
            "rule": "level",
            "version": 1,
            "target": "level",
            "formula": "max(level, 1 + floor(sqrt(xp / 100)))",
            "inputs": {"xp": 340},
            "delta": 0,
            "before": 2,
            "after": 2,
        },
        {
            "rule": "best_score",
            "version": 1,
            "target": "leaderboard.score",
            "formula": "max(best, score)",
            "inputs": {"score": RESULT["score"], "boardCode": "td_score", "season": season},
            "delta": 0,
            "before": 20000,
            "after": 20000,
        },
    ]
    void(client, admin, match_id)
    rules = explained(client, player, match_id).get_json()["data"]["rules"]
    assert rules[:4] == data["rules"]
    assert [(rule["rule"], rule["delta"], rule["before"], rule["after"]) for rule in rules[4:]] == [
        ("void_xp", -170, 510, 340),
        ("void_soft_currency", -340, 1020, 680),
        ("void_level", -1, 3, 2),
        ("void_best_score", 0, 20000, 20000),
    ]


def test_an_explanation_is_its_owners_and_staffs_affair(app: Flask, client: FlaskClient, player: Player) -> None:
    match_id = open_match(app, player)
    assert explained(client, player, match_id).get_json()["data"]["rules"] == []
    for role, status in (("player", 404), ("support", 200), ("admin", 200), ("system", 403)):
        assert explained(client, new_player(app, [role]), match_id).status_code == status, role
    assert explained(client, player, 2**62).get_json()["error"]["code"] == "MATCH_NOT_FOUND"


def test_a_match_settled_before_its_inputs_were_kept_is_explained_without_them(
    app: Flask, client: FlaskClient, player: Player, sql: Sql
) -> None:
    match_id = settle(app, client, player)
    sql("UPDATE matches SET rule_version = NULL WHERE id = :id", id=match_id)
    rules = explained(client, player, match_id).get_json()["data"]["rules"]
    assert [(rule["delta"], rule["before"], rule["after"]) for rule in rules] == [
        (170, None, None),
        (340, None, None),
        (None, None, None),
        (None, None, None),
    ]


def test_an_accepted_review_cannot_bring_a_voided_match_back(
    app: Flask, client: FlaskClient, player: Player, admin: Player, sql: Sql
) -> None:
    match_id = open_match(app, player)
    body = finish_body(match_id, score=10_000_001)
    assert client.post("/match/finish", json=body, headers=player.headers).status_code == 422
    client.post("/match/finish", json=finish_body(match_id), headers=player.headers)
    void(client, admin, match_id)
    (review,) = sql("SELECT id FROM match_reviews WHERE match_id = :id", id=match_id)
    answer = client.post(f"/api/v1/admin/reviews/{review.id}", json={"decision": "accept"}, headers=admin.headers)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "MATCH_VOIDED")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 200),
        ("?from=2026-01-01&to=2026-12-31", 200),
        ("?from=2026-01-01", 200),
        ("?from=9999-12-31", 200),
        ("?to=0001-01-01", 200),
        ("?from=2026-01-01&to=2027-01-02", 400),
        ("?from=2026-01-02&to=2026-01-01", 400),
        ("?from=1700000000", 400),
        ("?from=2026-02-30", 400),
        ("?from=2026-01-01T00:00:00", 400),
        ("?first=2026-01-01", 400),
    ],
)
def test_daily_statistics_are_asked_for_by_a_bounded_range(
    client: FlaskClient, player: Player, query: str, status: int
) -> None:
    answer = client.get(f"/api/v1/stats/daily{query}", headers=player.headers)
    assert answer.status_code == status, answer.get_json()


def test_daily_statistics_hold_both_ends_and_nobody_elses_days(
    app: Flask, client: FlaskClient, player: Player, sql: Sql
) -> None:
    for who in (player, new_player(app)):
        for day in ("2026-01-01", "2026-01-02", "2026-01-31", "2026-02-01"):
            sql("INSERT INTO statistics_daily (user_id, day, wins) VALUES (:id, :day, 1)", id=who.id, day=day)
    answer = client.get("/api/v1/stats/daily?from=2026-01-02&to=2026-01-31", headers=player.headers)
    data = answer.get_json()["data"]
    assert [item["day"] for item in data["items"]] == ["2026-01-02", "2026-01-31"]
    assert (data["from"], data["to"]) == ("2026-01-02", "2026-01-31")
    assert set(data["items"][0]) == {
        "day",
        "sessions_count",
        "events_count",
        "playtime_seconds",
        "wins",
        "losses",
        "score_sum",
    }
    sql("DELETE FROM statistics_daily WHERE day < '2026-03-01'")
