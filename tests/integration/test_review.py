"""Implausible results: refused, recorded, decided."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.schemas.review import ReviewsQuery
from tests.support.players import Player, at_once, finish_body, open_match

Sql = Callable[..., list[Any]]


def refuse(client: FlaskClient, player: Player, match_id: int, **result: object) -> Any:
    body = finish_body(match_id, **(result or {"score": 10_000_001}))
    return client.post("/match/finish", json=body, headers=player.headers)


def review_of(sql: Sql, match_id: int) -> Any:
    (review,) = sql("SELECT * FROM match_reviews WHERE match_id = :id", id=match_id)
    return review


def decide(client: FlaskClient, admin: Player, review_id: int, decision: str, **more: object) -> Any:
    body = {"decision": decision, **more}
    return client.post(f"/api/v1/admin/reviews/{review_id}", json=body, headers=admin.headers)


def test_an_implausible_result_grants_nothing_and_waits_for_review(
    app: Flask, client: FlaskClient, player: Player, sql: Sql
) -> None:
    match_id = open_match(app, player, age=timedelta(seconds=10))
    answer = refuse(client, player, match_id, score=2**63 - 1, durationSeconds=2**31 - 1, waveReached=2**31 - 1)
    error = answer.get_json()["error"]
    assert (answer.status_code, error["code"]) == (422, "RESULT_IMPLAUSIBLE")
    assert set(error["details"]) == {"result.score", "result.durationSeconds", "result.waveReached"}
    assert sql("SELECT status FROM matches WHERE id = :id", id=match_id)[0].status == "started"
    assert sql("SELECT xp FROM player_progress WHERE user_id = :id", id=player.id)[0].xp == 0
    review = review_of(sql, match_id)
    assert (review.status, review.score, review.attempts) == ("open", 2**63 - 1, 1)
    assert json.loads(review.implausible_json) == error["details"]


def test_a_repeat_only_counts_and_the_match_can_still_be_finished(
    app: Flask, client: FlaskClient, player: Player, sql: Sql
) -> None:
    match_id = open_match(app, player)
    for _ in range(3):
        assert refuse(client, player, match_id).status_code == 422
    review = review_of(sql, match_id)
    assert (review.score, review.attempts) == (10_000_001, 3)
    assert refuse(client, player, match_id, score=10_000_000).status_code == 200


def test_another_result_is_another_review_also_after_a_dismissal(
    app: Flask, client: FlaskClient, player: Player, admin: Player, sql: Sql
) -> None:
    match_id = open_match(app, player)
    refuse(client, player, match_id)
    decide(client, admin, review_of(sql, match_id).id, "dismiss")
    refuse(client, player, match_id, score=10_000_002)
    refuse(client, player, match_id)
    rows = sql("SELECT score, status, attempts FROM match_reviews WHERE match_id = :id ORDER BY id", id=match_id)
    assert [tuple(row) for row in rows] == [(10_000_001, "dismissed", 2), (10_000_002, "open", 1)]


def test_a_match_keeps_a_limited_number_of_refused_results(
    app: Flask, client: FlaskClient, player: Player, sql: Sql
) -> None:
    match_id = open_match(app, player)
    for score in range(10_000_001, 10_000_016):
        assert refuse(client, player, match_id, score=score).status_code == 422
    assert sql("SELECT COUNT(*) FROM match_reviews WHERE match_id = :id", id=match_id)[0][0] == 10


def test_without_a_progress_row_nothing_is_recorded(app: Flask, client: FlaskClient, player: Player, sql: Sql) -> None:
    match_id = open_match(app, player)
    sql("DELETE FROM player_progress WHERE user_id = :id", id=player.id)
    assert refuse(client, player, match_id).status_code == 404
    assert sql("SELECT id FROM match_reviews WHERE match_id = :id", id=match_id) == []


def test_the_largest_result_can_be_accepted_and_the_day_goes_on(
    app: Flask, client: FlaskClient, player: Player, admin: Player, sql: Sql
) -> None:
    for _ in range(2):
        match_id = open_match(app, player)
        refuse(client, player, match_id, score=2**63 - 1, durationSeconds=2**31 - 1, waveReached=2**31 - 1)
        assert decide(client, admin, review_of(sql, match_id).id, "accept").status_code == 200
    assert refuse(client, player, open_match(app, player), score=1).status_code == 200
    (day,) = sql("SELECT SUM(score_sum) AS total FROM statistics_daily WHERE user_id = :id", id=player.id)
    assert int(day.total) == 2 * (2**63 - 1) + 1


def test_admins_list_open_reviews(app: Flask, client: FlaskClient, player: Player, admin: Player, sql: Sql) -> None:
    match_id = open_match(app, player)
    refuse(client, player, match_id)
    answer = client.get("/api/v1/admin/reviews", headers=admin.headers)
    newest = answer.get_json()["data"]["items"][0]
    assert (newest["match_id"], newest["username"], newest["status"]) == (match_id, player.username, "open")
    assert newest["result"] == {"is_win": True, "score": 10_000_001, "duration_seconds": 410, "wave_reached": 12}
    assert set(newest["implausible"]) == {"result.score"}
    assert tuple(newest) == ReviewsQuery.item_fields


def test_accepting_settles_the_match_as_recorded_once(
    app: Flask, client: FlaskClient, player: Player, admin: Player, sql: Sql
) -> None:
    match_id = open_match(app, player)
    refuse(client, player, match_id)
    review_id = review_of(sql, match_id).id
    answers = at_once(app, [lambda: decide(app.test_client(), admin, review_id, "accept") for _ in range(10)])
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.get_json()["data"]["status"] for answer in answers} == {"accepted"}
    (match,) = sql("SELECT status, score FROM matches WHERE id = :id", id=match_id)
    assert tuple(match) == ("finished", 10_000_001)
    assert sql("SELECT xp FROM player_progress WHERE user_id = :id", id=player.id)[0].xp == 170
    (audit,) = sql("SELECT * FROM audit_log WHERE subject_id = :id", id=str(match_id))
    assert (audit.actor_id, audit.action, audit.subject_type) == (admin.id, "review.accept", "match")


def test_an_accepted_result_is_then_the_matchs_own(
    app: Flask, client: FlaskClient, player: Player, admin: Player, sql: Sql
) -> None:
    match_id = open_match(app, player)
    refuse(client, player, match_id)
    decide(client, admin, review_of(sql, match_id).id, "accept")
    again = refuse(client, player, match_id)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (200, "true")


def test_an_abandoned_match_is_settled_when_its_result_is_accepted(
    app: Flask, client: FlaskClient, player: Player, admin: Player, sql: Sql
) -> None:
    match_id = open_match(app, player)
    refuse(client, player, match_id)
    sql("UPDATE matches SET status = 'abandoned' WHERE id = :id", id=match_id)
    assert decide(client, admin, review_of(sql, match_id).id, "accept").status_code == 200
    assert sql("SELECT status FROM matches WHERE id = :id", id=match_id)[0].status == "finished"


def test_dismissing_leaves_the_match_open_and_is_final(
    app: Flask, client: FlaskClient, player: Player, admin: Player, sql: Sql
) -> None:
    match_id = open_match(app, player)
    refuse(client, player, match_id)
    review_id = review_of(sql, match_id).id
    for _ in range(2):
        answer = decide(client, admin, review_id, "dismiss", comment="a cheat")
        assert (answer.status_code, answer.get_json()["data"]["status"]) == (200, "dismissed")
    assert answer.get_json()["data"]["decided_by"] == admin.id
    late = decide(client, admin, review_id, "accept")
    assert (late.status_code, late.get_json()["error"]["code"]) == (409, "CONFLICT")
    assert sql("SELECT status FROM matches WHERE id = :id", id=match_id)[0].status == "started"
    (audit,) = sql("SELECT * FROM audit_log WHERE subject_id = :id", id=str(match_id))
    assert json.loads(audit.details_json) == {"review_id": review_id, "comment": "a cheat"}


def test_accepting_after_another_result_was_settled_is_409_and_the_review_stays_open(
    app: Flask, client: FlaskClient, player: Player, admin: Player, sql: Sql
) -> None:
    match_id = open_match(app, player)
    refuse(client, player, match_id)
    assert refuse(client, player, match_id, score=5).status_code == 200
    answer = decide(client, admin, review_of(sql, match_id).id, "accept")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "MATCH_ALREADY_FINISHED")
    assert review_of(sql, match_id).status == "open"


@pytest.mark.parametrize("body", [{}, {"decision": "maybe"}, {"decision": "accept", "comment": ""}])
def test_a_malformed_decision_is_400(client: FlaskClient, admin: Player, body: dict[str, object]) -> None:
    answer = client.post("/api/v1/admin/reviews/1", json=body, headers=admin.headers)
    assert answer.status_code == 400


def test_no_such_review_is_404(client: FlaskClient, admin: Player) -> None:
    answer = decide(client, admin, 10**15, "accept")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (404, "REVIEW_NOT_FOUND")
