"""Recurring jobs: pages, leases, and what they sweep."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import Engine

from app.services import job_service, upkeep_service
from app.workers.jobs import RECURRING_JOBS, SCHEDULE
from tests.support.jobs import fail_a_page
from tests.support.players import Player, at_once, open_match

Sql = Callable[..., list[Any]]
pytestmark = pytest.mark.usefixtures("app_context", "fresh_jobs")


@pytest.fixture
def fresh_jobs(sql: Sql) -> None:
    """The job that walks the matches has come as far as the matches of other tests go."""
    sql("DELETE FROM jobs")
    sql(
        "INSERT INTO jobs (kind, unique_key, recurring, position, leased_until, created_at, updated_at)"
        " SELECT 'abandon_matches', 'abandon_matches', 1, COALESCE(MAX(id), 0), NOW(), NOW(), NOW() FROM matches"
    )
    sql("UPDATE jobs SET leased_until = '2000-01-01'")


def run_recurring_job(kind: str) -> int:
    return job_service.run_recurring_job(kind, RECURRING_JOBS).done


def status_of(sql: Sql, match_id: int) -> str:
    return str(sql("SELECT status FROM matches WHERE id = :id", id=match_id)[0].status)


def test_matches_open_for_a_day_are_abandoned(app: Flask, player: Player, sql: Sql) -> None:
    old = open_match(app, player, age=timedelta(hours=24, seconds=1))
    young = open_match(app, player, age=timedelta(hours=23))
    run_recurring_job("abandon_matches")
    assert (status_of(sql, old), status_of(sql, young)) == ("abandoned", "started")
    with time_machine.travel(timedelta(hours=2)):
        assert run_recurring_job("abandon_matches") == 1
    assert status_of(sql, young) == "abandoned"
    assert sql("SELECT done FROM jobs WHERE kind = 'abandon_matches'")[0].done == 2


def test_closed_matches_and_the_demo_match_stay(
    app: Flask, player: Player, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    voided = open_match(app, player, age=timedelta(days=2))
    demo = open_match(app, player, age=timedelta(days=2))
    sql("UPDATE matches SET status = 'voided' WHERE id = :id", id=voided)
    monkeypatch.setattr(upkeep_service, "DEMO_MATCH_ID", demo)
    assert run_recurring_job("abandon_matches") == 0
    assert (status_of(sql, voided), status_of(sql, demo)) == ("voided", "started")


def test_a_job_walks_its_pages_and_goes_on_where_it_stopped(
    app: Flask, player: Player, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep_service, "PAGE_ROWS", 2)
    monkeypatch.setattr(job_service, "SLICE_SECONDS", 0)
    matches = [open_match(app, player, age=timedelta(days=2)) for _ in range(5)]
    assert run_recurring_job("abandon_matches") == 2
    assert run_recurring_job("abandon_matches") == 2
    assert [status_of(sql, match) for match in matches] == ["abandoned"] * 4 + ["started"]
    assert sql("SELECT position FROM jobs WHERE kind = 'abandon_matches'")[0].position == matches[3]


def test_one_node_at_a_time(
    app: Flask, player: Player, engine: Engine, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep_service, "PAGE_ROWS", 1)
    matches = [open_match(app, player, age=timedelta(days=2)) for _ in range(8)]
    changed = at_once(app, [lambda: run_recurring_job("abandon_matches") for _ in range(8)])
    assert sum(changed) == 8
    assert {status_of(sql, match) for match in matches} == {"abandoned"}


def test_a_node_that_lost_its_lease_stops(player: Player, app: Flask, sql: Sql) -> None:
    job_id, token = job_service._ensure_recurring("abandon_matches"), b"this node's lease"[:16]
    assert job_service._lease(job_id, token)
    sql("UPDATE jobs SET lease_token = 'another token...'")
    assert job_service._run_page(job_id, token, RECURRING_JOBS) is None


def test_a_recurring_job_that_fails_is_tried_again_and_never_given_up(
    sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RECURRING_JOBS, "delete_idempotency_keys", fail_a_page)
    job_service._ensure_recurring("delete_idempotency_keys")
    for _ in range(10):
        sql("UPDATE jobs SET leased_until = '2000-01-01', position = 2")
        run_recurring_job("delete_idempotency_keys")
    row = sql("SELECT status, error FROM jobs WHERE kind = 'delete_idempotency_keys'")[0]
    assert row.status == "queued"
    assert "this page cannot be done" in row.error


def test_every_recurring_job_has_its_schedule() -> None:
    assert set(SCHEDULE) == set(RECURRING_JOBS)


def test_done_events_are_deleted_after_a_week_and_pending_ones_stay(sql: Sql) -> None:
    sql("DELETE FROM outbox")
    insert = (
        "INSERT INTO outbox (event_id, shard, event_type, event_key, payload_json, created_at, done_at)"
        " VALUES ('0123456789abcdef', :shard, 't', 'k', '{}', '2020-01-01', :done_at)"
    )
    for shard in (0, 5, 63):
        sql(insert, shard=shard, done_at="2020-01-01")
        sql(insert, shard=shard, done_at=None)
    sql(insert, shard=5, done_at="2999-01-01")
    assert run_recurring_job("delete_done_events") == 3
    assert sql("SELECT COUNT(*) FROM outbox")[0][0] == 4


def test_answers_to_idempotency_keys_are_deleted_after_a_week(sql: Sql, player: Player) -> None:
    for day in ("2020-01-01", "2999-01-01"):
        sql(
            "INSERT INTO idempotency_keys (user_id, endpoint, idempotency_key, request_hash, answer_json, created_at)"
            " VALUES (:id, 'test', :day, '', '', :day)",
            id=player.id,
            day=day,
        )
    run_recurring_job("delete_idempotency_keys")
    left = sql("SELECT idempotency_key FROM idempotency_keys WHERE user_id = :id", id=player.id)
    assert [row.idempotency_key for row in left] == ["2999-01-01"]


def test_what_only_expired_tokens_and_old_failures_need_is_deleted(player: Player, sql: Sql) -> None:
    for table in ("token_families", "token_revocations", "login_failures"):
        sql(f"DELETE FROM {table}")
    for age in ("INTERVAL 16 MINUTE", "INTERVAL -1 DAY"):
        sql(
            "INSERT INTO token_families (user_id, id, created_at, rotated_at, expires_at)"
            " VALUES (:id, UNHEX(LEFT(SHA2(:age, 256), 32)), UTC_TIMESTAMP(), UTC_TIMESTAMP(),"
            f" UTC_TIMESTAMP() - {age})",
            id=player.id,
            age=age,
        )
        sql(
            "INSERT INTO token_revocations (user_id, token_version, revoked_at, expires_at)"
            f" VALUES (:id, 1, UTC_TIMESTAMP(), UTC_TIMESTAMP() - {age})",
            id=player.id,
        )
        sql(
            "INSERT INTO login_failures (account_hash, address, failures, since)"
            f" VALUES (UNHEX(SHA2(:age, 256)), '', 1, UTC_TIMESTAMP() - {age})",
            age=age,
        )
    for kind, table in (
        ("delete_expired_families", "token_families"),
        ("delete_expired_revocations", "token_revocations"),
        ("delete_old_login_failures", "login_failures"),
    ):
        assert run_recurring_job(kind) == 1
        assert sql(f"SELECT COUNT(*) FROM {table}")[0][0] == 1
