"""Season rewards: every place once, whatever is killed, repeated or voided meanwhile."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from app.clock import utc_now
from app.services import job_service, season_reward_service
from app.services.verify_service import find_drift
from app.transaction import Transaction, transaction
from app.workers.jobs import JOBS
from tests.support.boards import Sql, open_season, recounted, settle
from tests.support.players import Player, at_once, new_player

WAVES = {"waveReached": 0}  # a match pays 50 xp and 100 currency
REWARDS = [(1, 1, 1000, 2000), (2, 3, 500, 1000), (5, 6, 200, 400)]


@pytest.fixture(autouse=True)
def rewards(sql: Sql) -> Iterator[None]:
    """A place without a reward in their midst."""
    before = sql("SELECT * FROM leaderboard_rewards")
    sql("DELETE FROM leaderboard_rewards")
    insert = "INSERT INTO leaderboard_rewards VALUES ('td_score', :first, :last, :xp, :currency)"
    for first, last, xp, currency in REWARDS:
        sql(insert, first=first, last=last, xp=xp, currency=currency)
    yield
    sql("DELETE FROM leaderboard_rewards")
    for row in before:
        sql(insert, first=row.first_place, last=row.last_place, xp=row.xp, currency=row.soft_currency)


@pytest.fixture
def season(app: Flask, admin: Player) -> int:
    """A season of the test's own."""
    number: int = open_season(app, admin).get_json()["data"]["season"]
    return number


def job_of(sql: Sql, season: int) -> int:
    """The job that pays the closed season, due now."""
    job_id: int = sql("SELECT rewards_job_id FROM leaderboard_seasons WHERE season = :s", s=season)[0].rewards_job_id
    sql("UPDATE jobs SET leased_until = '2000-01-01' WHERE id = :id", id=job_id)
    return job_id


def run(app: Flask, job_id: int) -> Any:
    with app.app_context():
        job_service.run_job(job_id, JOBS)
        return job_service.get_job(job_id)


def played(app: Flask, count: int) -> list[Player]:
    """So many players, each better than the next."""
    players = [new_player(app) for _ in range(count)]
    for number, player in enumerate(players):
        settle(app, player, score=1000 - number, **WAVES)
    return players


def paid(sql: Sql, season: int) -> list[tuple[int, int, int, int]]:
    rows = sql(
        "SELECT place, user_id, xp, soft_currency FROM season_rewards WHERE season = :s ORDER BY place", s=season
    )
    return [tuple(row) for row in rows]


def drift_of(app: Flask, players: list[Player]) -> list[Any]:
    ids = {player.id for player in players}
    with app.app_context():
        return [drift for drift in find_drift() if drift.user_id in ids]


def test_every_place_is_paid_what_its_range_says(
    app: Flask, season: int, admin: Player, sql: Sql, client: FlaskClient
) -> None:
    players = played(app, 8)
    open_season(app, admin)
    job = run(app, job_of(sql, season))
    assert (job.status, job.done) == ("done", 6)
    assert paid(sql, season) == [
        (1, players[0].id, 1000, 2000),
        (2, players[1].id, 500, 1000),
        (3, players[2].id, 500, 1000),
        (4, players[3].id, 0, 0),
        (5, players[4].id, 200, 400),
        (6, players[5].id, 200, 400),
    ]
    progress = client.get("/api/v1/progress/me", headers=players[0].headers).get_json()["data"]
    assert (progress["xp"], progress["level"], progress["soft_currency"]) == (1050, 4, 2100)
    ledger = sql("SELECT source, source_id, xp FROM reward_ledger WHERE user_id = :id", id=players[0].id)
    assert sorted(tuple(row) for row in ledger)[1] == ("season", season, 1000)
    assert drift_of(app, players) == []
    shown = client.get("/api/v1/leaderboards/td_score/seasons", headers=admin.headers).get_json()["data"]["items"]
    assert {item["season"]: item["rewards_job_id"] for item in shown}[season] == job.id


def test_a_season_is_not_paid_before_the_last_settlement_can_have_ended(
    app: Flask, season: int, admin: Player, sql: Sql
) -> None:
    open_season(app, admin)
    job_id = sql("SELECT rewards_job_id FROM leaderboard_seasons WHERE season = :s", s=season)[0].rewards_job_id
    for seconds, due in ((50, False), (61, True)):
        with time_machine.travel(utc_now() + timedelta(seconds=seconds)), app.app_context():
            assert (job_id in job_service.list_due_jobs()) is due


def test_a_job_that_is_killed_is_resumed_and_pays_nobody_twice(
    app: Flask, season: int, admin: Player, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed inside its second page and right behind its third one."""
    monkeypatch.setattr(season_reward_service, "PAGE_PLACES", 1)
    players = played(app, 8)
    open_season(app, admin)
    job_id = job_of(sql, season)
    insert, calls = season_reward_service.season_reward_repo.insert, iter(range(100))

    class Killed(BaseException):
        pass

    def killed(*args: Any, **kwargs: Any) -> None:
        insert(*args, **kwargs)
        if next(calls) in {1, 4}:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(season_reward_service.season_reward_repo, "insert", killed)
        for done in (1, 3):
            with pytest.raises(Killed):
                run(app, job_id)
            assert len(paid(sql, season)) == done
            sql("UPDATE jobs SET leased_until = '2000-01-01' WHERE id = :id", id=job_id)
    job = run(app, job_id)
    assert job.status == "done"
    assert [place for place, *_ in paid(sql, season)] == [1, 2, 3, 4, 5, 6]
    assert [user_id for _, user_id, _, _ in paid(sql, season)] == [p for _, p, _ in recounted(sql, season)][:6]
    assert drift_of(app, players) == []


def test_a_second_job_of_the_season_pays_nobody_again(app: Flask, season: int, admin: Player, sql: Sql) -> None:
    players = played(app, 7)
    open_season(app, admin)
    run(app, job_of(sql, season))
    before = paid(sql, season)
    with app.app_context():
        again = enqueue(season, admin)
    sql("UPDATE jobs SET leased_until = '2000-01-01' WHERE id = :id", id=again)
    at_once(app, [partial(run, app, again) for _ in range(4)])
    assert paid(sql, season) == before
    assert len(before) == 6
    assert drift_of(app, players) == []


@transaction("enqueue_for_test")
def enqueue(tx: Transaction, season: int, admin: Player) -> int:
    return season_reward_service.enqueue(tx, board_code="td_score", season=season, created_by=admin.id).id


def test_a_void_between_two_pages_leaves_nobody_out_and_pays_nobody_twice(
    app: Flask, season: int, admin: Player, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(season_reward_service, "PAGE_PLACES", 2)
    players = [new_player(app) for _ in range(6)]
    settle(app, players[0], score=1, **WAVES)
    best = settle(app, players[0], score=5000, **WAVES)
    for number, player in enumerate(players[1:]):
        settle(app, player, score=1000 - number, **WAVES)
    open_season(app, admin)
    job_id = job_of(sql, season)
    monkeypatch.setattr(job_service, "SLICE_SECONDS", 0)  # one page a run
    run(app, job_id)
    assert [user_id for _, user_id, _, _ in paid(sql, season)] == [players[0].id, players[1].id]
    path = f"/api/v1/admin/matches/{best}/void"
    assert app.test_client().post(path, json={"reason": "r"}, headers=admin.headers).status_code == 200
    monkeypatch.setattr(job_service, "SLICE_SECONDS", 10)
    sql("UPDATE jobs SET leased_until = '2000-01-01' WHERE id = :id", id=job_id)
    assert run(app, job_id).status == "done"
    assert [user_id for _, user_id, _, _ in paid(sql, season)] == [player.id for player in players]
    assert drift_of(app, players) == []


def test_the_admin_sees_what_places_pay(app: Flask, admin: Player, player: Player) -> None:
    client = app.test_client()
    data = client.get("/api/v1/admin/leaderboards/td_score/rewards", headers=admin.headers).get_json()["data"]
    assert [tuple(item.values()) for item in data["items"]] == REWARDS
    answer = client.get("/api/v1/admin/leaderboards/nothing/rewards", headers=admin.headers)
    assert answer.get_json()["error"]["code"] == "LEADERBOARD_NOT_FOUND"
    assert client.get("/api/v1/admin/leaderboards/td_score/rewards", headers=player.headers).status_code == 403
