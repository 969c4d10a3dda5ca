"""Definitions as staff change them, and their recompute: found by pages, stopped, resumed, told before done."""

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.rules.job_rules import Job
from app.services import achievement_recompute_service, job_service
from app.services.verify_service import find_drift
from app.transaction import transaction
from app.workers.jobs import JOBS
from tests.support.players import Player, new_player
from tests.support.relay import deliver

Sql = Callable[..., list[Any]]
pytestmark = pytest.mark.usefixtures("app_context")

TYPES, EVENT_TYPES = "/api/v1/admin/achievement-types", "/api/v1/admin/event-types"


def definition(**changes: object) -> dict[str, Any]:
    levels = [
        {"tier": "bronze", "threshold": 2, "xp": 100, "soft_currency": 10, "points": 5},
        {"tier": "silver", "threshold": 4, "xp": 200, "soft_currency": 20, "points": 7},
    ]
    return {
        "code": f"t{secrets.token_hex(4)}",
        "name": "Охотник",
        "description": "Побеждены боссы",
        "metric": "COMPLETE_LEVEL",
        "combine": "sum",
        "levels": levels,
        **changes,
    }


@pytest.fixture(autouse=True)
def _no_types_for_other_tests(sql: Sql) -> Iterator[None]:
    yield
    sql("UPDATE achievement_types SET retired_at = '2026-01-01' WHERE code LIKE 't%' AND NOT built_in")


@pytest.fixture
def event_code(client: FlaskClient, admin: Player) -> str:
    """An event type of the test's own, and with it a metric of its own."""
    code = f"e{secrets.token_hex(4)}"
    answer = client.post(EVENT_TYPES, json={"code": code, "points": 3}, headers=admin.headers)
    assert answer.status_code == 201
    assert answer.get_json()["data"] == {"code": code, "metric": code.upper(), "points": 3, "retired": False}
    return code


def create(client: FlaskClient, admin: Player, **changes: object) -> dict[str, Any]:
    answer = client.post(TYPES, json=definition(**changes), headers=admin.headers)
    assert answer.status_code == 201, answer.text
    return dict(answer.get_json()["data"])


def tell(client: FlaskClient, player: Player, event_type: str, times: int = 1) -> TestResponse:
    for _ in range(times):
        answer = client.post("/api/v1/event/", json={"event_type": event_type}, headers=player.headers)
    return answer


def test_create_read_replace_retire(client: FlaskClient, admin: Player, player: Player) -> None:
    body = definition()
    created = create(client, admin, **body)
    retired = {"retired": True}
    assert created == {**body, "id": created["id"], "hidden": False, "version": 1, "retired": False}
    url = f"{TYPES}/{created['id']}"
    assert client.get(url, headers=admin.headers).get_json()["data"] == created

    again = client.post(TYPES, json=body, headers=admin.headers)
    assert (again.status_code, again.get_json()["error"]["code"]) == (409, "ACHIEVEMENT_TYPE_EXISTS")

    changed = {**body, "name": "Мастер охоты", "levels": [{"tier": 1, "threshold": 3}]}
    replaced = client.put(url, json=changed, headers=admin.headers).get_json()["data"]
    paid = {"xp": 0, "soft_currency": 0, "points": 0}
    assert replaced == {**created, **changed, "version": 2, "levels": [{"tier": 1, "threshold": 3, **paid}]}

    for _ in range(2):
        assert client.delete(url, headers=admin.headers).get_json()["data"] == {**replaced, **retired}
    listed = client.get(f"{TYPES}?limit=100", headers=admin.headers).get_json()["data"]["items"]
    assert {**replaced, **retired} in listed
    public = client.get("/api/v1/achievements/?limit=100", headers=player.headers).get_json()["data"]["items"]
    assert created["code"] not in {item["code"] for item in public}
    revived = client.put(url, json=body, headers=admin.headers).get_json()["data"]
    assert (revived["version"], revived["retired"]) == (3, False)
    client.delete(url, headers=admin.headers)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": "Upper"}, "code"),
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"metric": "NOBODY_RAISES"}, "metric"),
        ({"metric": "lower"}, "metric"),
        ({"combine": "max"}, "combine"),
        ({"metric": "BEST_SCORE", "combine": "sum"}, "combine"),
        ({"combine": "average"}, "combine"),
        ({"levels": []}, "levels"),
        ({"levels": [{"tier": 1, "threshold": 0}]}, "levels.0.threshold"),
        ({"levels": [{"tier": 1, "threshold": 5}, {"tier": 2, "threshold": 5}]}, "levels"),
        ({"levels": [{"tier": 1, "threshold": 5}, {"tier": 2, "threshold": 4}]}, "levels"),
        ({"levels": [{"tier": 1, "threshold": 5}, {"tier": 1, "threshold": 6}]}, "levels"),
        ({"levels": [{"tier": 1, "threshold": 5, "xp": -1}]}, "levels.0.xp"),
        ({"levels": [{"tier": 1, "threshold": 2**63}]}, "levels.0.threshold"),
        ({"hidden": 1}, "hidden"),
        ({"version": 3}, "version"),
    ],
)
def test_a_bad_definition_is_400(client: FlaskClient, admin: Player, changes: dict[str, Any], field: str) -> None:
    answer = client.post(TYPES, json=definition(**changes), headers=admin.headers)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "VALIDATION_ERROR")
    assert set(answer.get_json()["error"]["details"]) == {field}


def test_the_streaks_tiers_are_built_in(client: FlaskClient, admin: Player) -> None:
    shown = client.get(f"{TYPES}?limit=100", headers=admin.headers).get_json()["data"]["items"]
    assert "daily_streak" not in {item["code"] for item in shown}
    (streak,) = client.get(f"{TYPES}?built_in=true", headers=admin.headers).get_json()["data"]["items"]
    assert [(level["tier"], level["threshold"], level["xp"], level["soft_currency"]) for level in streak["levels"]] == [
        ("bronze", 7, 100, 50),
        ("silver", 30, 500, 250),
        ("gold", 120, 2000, 1000),
    ]
    body = {name: streak[name] for name in definition()}
    url = f"{TYPES}/{streak['id']}"
    for changes in ({"code": "other"}, {"metric": "LOGIN", "combine": "sum"}):
        assert client.put(url, json={**body, **changes}, headers=admin.headers).status_code == 409


def test_no_such_type_is_404(client: FlaskClient, admin: Player) -> None:
    url = f"{TYPES}/{2**62}"
    for answer in (
        client.get(url, headers=admin.headers),
        client.put(url, json=definition(), headers=admin.headers),
        client.delete(url, headers=admin.headers),
        client.post(f"{url}/recompute", headers=admin.headers),
    ):
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (404, "ACHIEVEMENT_TYPE_NOT_FOUND")


def test_a_tier_earned_before_a_replacement_is_neither_lost_nor_paid_again(
    client: FlaskClient, admin: Player, player: Player, event_code: str, sql: Sql
) -> None:
    body = definition(metric=event_code.upper())
    created = create(client, admin, **body)
    tell(client, player, event_code, 2)
    deliver()
    harder = [{"tier": "bronze", "threshold": 3, "xp": 999}, {"tier": "gold", "threshold": 4, "xp": 7}]
    client.put(f"{TYPES}/{created['id']}", json={**body, "levels": harder}, headers=admin.headers)
    tell(client, player, event_code, 2)
    deliver()
    rewards = sql(
        "SELECT tier, version, xp FROM user_achievement_rewards WHERE user_id = :id ORDER BY id", id=player.id
    )
    assert [tuple(row) for row in rewards] == [("bronze", 1, 100), ("gold", 2, 7)]
    assert [drift for drift in find_drift() if drift.user_id == player.id] == []


def test_event_types_are_created_replaced_and_retired(
    client: FlaskClient, admin: Player, player: Player, event_code: str
) -> None:
    url = f"{EVENT_TYPES}/{event_code}"
    tell(client, player, event_code)
    changed = client.put(url, json={"points": 10}, headers=admin.headers).get_json()["data"]
    assert changed == {"code": event_code, "metric": event_code.upper(), "points": 10, "retired": False}
    tell(client, player, event_code)
    deliver()
    stats = client.get(f"/api/v1/stats/{player.id}", headers=player.headers).get_json()["data"]
    assert (stats["score"], stats["events"]) == (13, {event_code: {"count": 2, "points": 13}})
    assert client.put(url, json={"points": 1, "metric": "LOGIN"}, headers=admin.headers).status_code == 409
    for _ in range(2):
        assert client.delete(url, headers=admin.headers).get_json()["data"]["retired"] is True
    assert tell(client, player, event_code).status_code == 400
    page = client.get(f"{EVENT_TYPES}?limit=100", headers=admin.headers).get_json()["data"]
    assert {"login", "complete_level", "find_secret", event_code} <= {item["code"] for item in page["items"]}
    assert client.put(url, json={"points": 1}, headers=admin.headers).get_json()["data"]["retired"] is False


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"code": "match_finish", "points": 1}, 400),
        ({"code": "won", "metric": "MATCH_WIN", "points": 1}, 400),
        ({"code": "won"}, 400),
        ({"code": "won", "points": -1}, 400),
        ({"code": "login", "points": 1}, 409),
    ],
)
def test_a_bad_event_type_is_refused(client: FlaskClient, admin: Player, body: dict[str, Any], status: int) -> None:
    assert client.post(EVENT_TYPES, json=body, headers=admin.headers).status_code == status
    missing = client.get(f"{EVENT_TYPES}/no_such", headers=admin.headers)
    assert (missing.status_code, missing.get_json()["error"]["code"]) == (404, "EVENT_TYPE_NOT_FOUND")


@pytest.fixture
def ten_players(app: Flask, client: FlaskClient, event_code: str) -> list[Player]:
    """Who have told 0 to 9 events before there is a definition for them."""
    players = [new_player(app) for _ in range(10)]
    for times, player in enumerate(players):
        if times:
            tell(client, player, event_code, times)
    deliver()
    return players


def recompute(client: FlaskClient, admin: Player, type_id: int, dry_run: str) -> int:
    answer = client.post(f"{TYPES}/{type_id}/recompute?dry_run={dry_run}", headers=admin.headers)
    assert answer.status_code == 202
    job = answer.get_json()["data"]
    assert (job["kind"], job["status"], job["done"]) == ("recompute_achievements", "queued", 0)
    return int(job["id"])


def job_of(client: FlaskClient, admin: Player, job_id: int) -> dict[str, Any]:
    return dict(client.get(f"/api/v1/admin/jobs/{job_id}", headers=admin.headers).get_json()["data"])


def rewards_of(sql: Sql, code: str) -> set[tuple[int, str]]:
    rows = sql("SELECT user_id, tier FROM user_achievement_rewards WHERE group_code = :code", code=code)
    return {(row.user_id, row.tier) for row in rows}


def test_a_dry_run_lists_what_the_run_then_does(
    client: FlaskClient,
    admin: Player,
    ten_players: list[Player],
    event_code: str,
    sql: Sql,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(achievement_recompute_service, "PAGE_USERS", 4)
    created = create(client, admin, metric=event_code.upper())
    due = {(player.id, "bronze") for player in ten_players[2:]} | {(player.id, "silver") for player in ten_players[4:]}

    dry = recompute(client, admin, created["id"], "true")
    job_service.run_job(dry, JOBS)
    told = job_of(client, admin, dry)
    assert (told["status"], told["done"], told["total"]) == ("done", 9, 9)
    assert rewards_of(sql, created["code"]) == set()
    assert {(item["user_id"], item["tier"]) for item in told["result"]["sample"]} == due

    real = recompute(client, admin, created["id"], "false")
    assert recompute(client, admin, created["id"], "0") == real
    job_service.run_job(real, JOBS)
    done = job_of(client, admin, real)
    assert rewards_of(sql, created["code"]) == due
    assert done["result"] == {**told["result"], "dry_run": False}
    assert done["result"]["levels"] == {"bronze": 8, "silver": 6}
    assert (done["result"]["users"], done["result"]["xp"], done["result"]["points"]) == (8, 2000, 82)

    nothing = recompute(client, admin, created["id"], "false")
    job_service.run_job(nothing, JOBS)
    assert job_of(client, admin, nothing)["result"]["users"] == 0
    ids = {player.id for player in ten_players}
    assert [drift for drift in find_drift() if drift.user_id in ids] == []


def test_a_recompute_is_stopped_and_resumed_in_the_middle(
    client: FlaskClient,
    admin: Player,
    ten_players: list[Player],
    event_code: str,
    sql: Sql,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(achievement_recompute_service, "PAGE_USERS", 3)
    monkeypatch.setattr(job_service, "SLICE_SECONDS", 0.0)  # a page at a time
    created = create(client, admin, metric=event_code.upper())
    job_id = recompute(client, admin, created["id"], "false")
    assert job_service.run_job(job_id, JOBS).unfinished
    assert job_of(client, admin, job_id)["done"] == 3
    assert {user_id for user_id, _ in rewards_of(sql, created["code"])} == {player.id for player in ten_players[2:4]}
    while job_service.run_job(job_id, JOBS).unfinished:
        pass
    assert job_of(client, admin, job_id)["status"] == "done"
    assert {user_id for user_id, _ in rewards_of(sql, created["code"])} == {player.id for player in ten_players[2:]}

    other = create(client, admin, metric=event_code.upper())
    cancelled = recompute(client, admin, other["id"], "false")
    job_service.run_job(cancelled, JOBS)
    client.post(f"/api/v1/admin/jobs/{cancelled}/cancel", headers=admin.headers)
    job_service.run_job(cancelled, JOBS)
    assert job_of(client, admin, cancelled)["status"] == "cancelled"
    assert len(rewards_of(sql, other["code"])) == 2


def test_a_page_that_is_rolled_back_pays_nothing_twice(
    client: FlaskClient, admin: Player, ten_players: list[Player], event_code: str, sql: Sql
) -> None:
    created = create(client, admin, metric=event_code.upper())
    job = job_service.get_job(recompute(client, admin, created["id"], "false"))

    @transaction("page_for_test")
    def page_twice(tx: Any, job: Job) -> None:
        achievement_recompute_service.run_page(tx, job)
        achievement_recompute_service.run_page(tx, job)

    page_twice(job)
    job_service.run_job(job.id, JOBS)
    ids = {player.id for player in ten_players}
    assert [drift for drift in find_drift() if drift.user_id in ids] == []
    assert len(rewards_of(sql, created["code"])) == 14


def test_a_recompute_ends_when_the_definition_changes(client: FlaskClient, admin: Player, event_code: str) -> None:
    body = definition(metric=event_code.upper())
    created = create(client, admin, **body)
    job_id = recompute(client, admin, created["id"], "false")
    client.put(f"{TYPES}/{created['id']}", json=body, headers=admin.headers)
    job_service.run_job(job_id, JOBS)
    job = job_of(client, admin, job_id)
    assert job["status"] == "failed"
    assert "recompute it again" in job["error"]
    client.delete(f"{TYPES}/{created['id']}", headers=admin.headers)
    refused = client.post(f"{TYPES}/{created['id']}/recompute", headers=admin.headers)
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (409, "CONFLICT")
