"""Jobs that are enqueued: one node at a time, resumed by any, cancelled between pages, given up with a reason."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from app.clock import utc_now
from app.errors import Conflict
from app.rules.job_rules import Job, Page, pause_after
from app.services import job_service
from app.transaction import Transaction, transaction
from app.workers.jobs import RECURRING_JOBS
from config import ROOT, Config
from tests.conftest import TEST_JWT_SECRET_KEY
from tests.support.effects import create_effects_table, effects
from tests.support.jobs import COUNT, SICK, TEST_JOBS, count_a_page, enqueue
from tests.support.players import Player, at_once
from tests.support.processes import INHERITED, wait_until

Sql = Callable[..., list[Any]]
pytestmark = pytest.mark.usefixtures("app_context", "effects_table")


@pytest.fixture
def effects_table(engine: Engine, app: Flask) -> None:
    create_effects_table(engine)


def run(job_id: int) -> job_service.Run:
    return job_service.run_job(job_id, TEST_JOBS)


def refuse(_tx: Transaction, _job: Job) -> Page:
    raise Conflict(reason="the season is still open")


def pages_done(engine: Engine, job: Job) -> list[int]:
    return effects(engine, f"job{job.id}")


def test_a_job_does_its_pages_and_keeps_what_they_found(engine: Engine, admin: Player) -> None:
    job = enqueue(pages=3, created_by=admin.id)
    assert (job.status, job.done, job.total, job.created_by) == ("queued", 0, None, admin.id)
    assert job.id in job_service.list_due_jobs()
    assert run(job.id).done == 3
    ended = job_service.get_job(job.id)
    assert (ended.status, ended.done, ended.total, ended.result) == ("done", 3, 3, {"counted": 3})
    assert pages_done(engine, job) == [0, 1, 2]
    assert job.id not in job_service.list_due_jobs()
    assert run(job.id).done == 0


def test_a_job_of_a_transaction_that_was_rolled_back_is_none(sql: Sql) -> None:
    @transaction("refused_for_test")
    def refused(tx: Transaction) -> None:
        job_service.enqueue(tx, kind="test_refused", params={}, created_by=None)
        raise Conflict(reason="not now")

    with pytest.raises(Conflict):
        refused()
    assert sql("SELECT COUNT(*) FROM jobs WHERE kind = 'test_refused'")[0][0] == 0


def test_of_one_key_one_job_at_a_time(app: Flask) -> None:
    jobs = at_once(app, [lambda: enqueue(pages=1, unique_key="test:of-one-key") for _ in range(8)])
    assert len({job.id for job in jobs}) == 1
    run(jobs[0].id)
    assert enqueue(pages=1, unique_key="test:of-one-key").id != jobs[0].id


def test_two_nodes_never_do_one_job_at_once(app: Flask, engine: Engine) -> None:
    job = enqueue(pages=20, seconds=0.005)
    inside, most, lock = 0, 0, threading.Lock()

    def page(tx: Transaction, job: Job) -> Page:
        nonlocal inside, most
        with lock:
            inside, most = inside + 1, max(most, inside + 1)
        done = count_a_page(tx, job)
        with lock:
            inside -= 1
        return done

    runs = at_once(app, [lambda: job_service.run_job(job.id, {COUNT: page}) for _ in range(8)])
    assert sorted(run.done for run in runs) == [0] * 7 + [20]
    assert most == 1
    assert pages_done(engine, job) == list(range(20))


def test_a_node_that_was_too_slow_does_not_go_on_beside_its_successor(engine: Engine) -> None:
    job, slow = enqueue(pages=6), b"the slow node's."
    assert job_service._lease(job.id, slow)
    assert job_service._run_page(job.id, slow, TEST_JOBS) is not None
    with time_machine.travel(timedelta(seconds=61)):
        assert run(job.id).done == 5
    assert job_service._run_page(job.id, slow, TEST_JOBS) is None
    job_service._note_failure(job.id, slow, RuntimeError("too late"))
    assert job_service.get_job(job.id).status == "done"
    assert pages_done(engine, job) == list(range(6))


def test_a_long_job_gives_way_and_goes_on(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_service, "SLICE_SECONDS", 0)
    job = enqueue(pages=3)
    assert [run(job.id) for _ in range(4)] == [
        job_service.Run(1, unfinished=True),
        job_service.Run(1, unfinished=True),
        job_service.Run(1, unfinished=False),
        job_service.Run(0, unfinished=False),
    ]
    assert pages_done(engine, job) == [0, 1, 2]


@pytest.fixture
def node(config: Config) -> Iterator[Callable[[int], subprocess.Popen[str]]]:
    """Start a process that does a job; its lease is 2 seconds."""
    started: list[subprocess.Popen[str]] = []
    environment = {
        **{name: os.environ[name] for name in INHERITED if name in os.environ},
        "SQLALCHEMY_DATABASE_URI": config.SQLALCHEMY_DATABASE_URI,
        "JWT_SECRET_KEY": TEST_JWT_SECRET_KEY,
        "JOB_LEASE_SECONDS": "2",
    }

    def start(job_id: int) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.support.jobs", str(job_id)]
        started.append(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_job_whose_node_was_killed_is_resumed_where_it_stood(
    node: Callable[[int], subprocess.Popen[str]], engine: Engine
) -> None:
    job = enqueue(pages=12, seconds=0.1)
    first = node(job.id)
    assert first.stdout is not None
    for line in first.stdout:
        if line == "page 5\n":
            break
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert job_service.get_job(job.id).status == "running"
    wait_until(lambda: job.id in job_service.list_due_jobs(), 10)
    pages, _ = node(job.id).communicate(timeout=30)
    assert pages.splitlines()[0] in {"page 5", "page 6"}  # its own transaction was rolled back, or just committed
    ended = job_service.get_job(job.id)
    assert (ended.status, ended.done, ended.result) == ("done", 12, {"counted": 12})
    assert pages_done(engine, job) == list(range(12))


def test_a_page_that_fails_is_tried_again_with_pauses_and_then_the_job_is_failed(engine: Engine) -> None:
    job = enqueue(SICK, pages=5)
    with time_machine.travel(utc_now(), tick=False) as clock:
        clock.shift(1)
        for attempt in range(1, 6):
            run(job.id)
            waits = job_service.get_job(job.id)
            assert (waits.status, waits.done) == ("failed" if attempt == 5 else "queued", 2)
            assert waits.error is not None
            assert "this page cannot be done" in waits.error
            assert run(job.id).done == 0  # it waits
            clock.shift(pause_after(attempt))
    assert pages_done(engine, job) == [0, 1]


def test_a_page_that_succeeds_after_a_failure_counts_from_the_start(engine: Engine) -> None:
    job = enqueue(SICK, pages=3)
    run(job.id)
    with time_machine.travel(timedelta(hours=1)):
        job_service.run_job(job.id, {SICK: count_a_page})
    ended = job_service.get_job(job.id)
    assert (ended.status, ended.error, ended.done) == ("done", None, 3)
    assert pages_done(engine, job) == [0, 1, 2]


def test_what_a_rule_refuses_fails_at_once() -> None:
    job = enqueue(pages=1)
    job_service.run_job(job.id, {COUNT: refuse})
    ended = job_service.get_job(job.id)
    assert (ended.status, ended.error) == ("failed", "the season is still open")


def test_a_page_that_takes_its_nodes_down_is_given_up(sql: Sql) -> None:
    job = enqueue(pages=1)
    for number in range(5):
        assert job_service._lease(job.id, number.to_bytes(16, "big"))
        sql("UPDATE jobs SET leased_until = '2000-01-01' WHERE id = :id", id=job.id)
    assert run(job.id).done == 0
    ended = job_service.get_job(job.id)
    assert (ended.status, ended.error) == ("failed", "The node that did it was lost 5 times at this page")


def test_a_job_that_nobody_knows_waits_for_a_node_that_does(engine: Engine) -> None:
    job = enqueue("test_of_a_newer_release", pages=1)
    run(job.id)
    assert job_service.get_job(job.id).status == "queued"
    with time_machine.travel(timedelta(hours=1)):
        job_service.run_job(job.id, {"test_of_a_newer_release": count_a_page})
    assert job_service.get_job(job.id).status == "done"


def test_cancel_stops_a_running_job_between_pages(
    app: Flask, client: FlaskClient, admin: Player, engine: Engine, sql: Sql
) -> None:
    job = enqueue(pages=1_000, seconds=0.01, created_by=admin.id)

    def cancel_when_it_runs() -> int:
        wait_until(lambda: job_service.get_job(job.id).done >= 3, 20)
        answer = app.test_client().post(f"/api/v1/admin/jobs/{job.id}/cancel", headers=admin.headers)
        assert (answer.status_code, answer.get_json()["data"]["status"]) == (200, "cancelled")
        return int(answer.get_json()["data"]["done"])

    done_by_run, done_at_cancel = at_once(app, [lambda: run(job.id).done, cancel_when_it_runs])
    assert 3 <= done_at_cancel == done_by_run < 1_000
    assert pages_done(engine, job) == list(range(done_at_cancel))
    again = client.post(f"/api/v1/admin/jobs/{job.id}/cancel", headers=admin.headers)
    assert (again.status_code, again.get_json()["data"]["status"]) == (200, "cancelled")
    audit = sql("SELECT actor_id, action FROM audit_log WHERE subject_type = 'job' AND subject_id = :id", id=job.id)
    assert [tuple(row) for row in audit] == [(admin.id, "job.cancel")]


def test_a_job_that_has_ended_or_recurs_cannot_be_cancelled(client: FlaskClient, admin: Player) -> None:
    job = enqueue(pages=1)
    run(job.id)
    for job_id in (job.id, job_service._ensure_recurring("delete_idempotency_keys")):
        answer = client.post(f"/api/v1/admin/jobs/{job_id}/cancel", headers=admin.headers)
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "CONFLICT")


def test_what_failed_or_was_cancelled_goes_on_where_it_stopped(
    client: FlaskClient, admin: Player, engine: Engine, sql: Sql
) -> None:
    job = enqueue(pages=3, created_by=admin.id)
    sql(
        "UPDATE jobs SET status = 'failed', error = 'a fault', position = 1, done = 1, attempts = 5 WHERE id = :id",
        id=job.id,
    )
    for _ in range(2):
        answer = client.post(f"/api/v1/admin/jobs/{job.id}/retry", headers=admin.headers)
        data = answer.get_json()["data"]
        assert (answer.status_code, data["status"], data["done"], data["error"]) == (200, "queued", 1, None)
    assert run(job.id).done == 2
    assert pages_done(engine, job) == [1, 2]
    done = client.post(f"/api/v1/admin/jobs/{job.id}/retry", headers=admin.headers)
    assert (done.status_code, done.get_json()["error"]["code"]) == (409, "CONFLICT")
    assert client.post(f"/api/v1/admin/jobs/{2**62}/retry", headers=admin.headers).status_code == 404
    audit = sql("SELECT action FROM audit_log WHERE subject_type = 'job' AND subject_id = :id", id=str(job.id))
    assert [row.action for row in audit] == ["job.retry"]


def test_a_job_of_laurels_own_cannot_be_cancelled(client: FlaskClient, admin: Player) -> None:
    job = enqueue(pages=1)
    assert client.post(f"/api/v1/admin/jobs/{job.id}/cancel", headers=admin.headers).status_code == 409


def test_a_recurring_job_that_rests_for_long_shows(sql: Sql) -> None:
    job_service.run_recurring_job("delete_ended_jobs", RECURRING_JOBS)
    sql("UPDATE jobs SET updated_at = UTC_TIMESTAMP() WHERE recurring = 1")
    assert job_service.get_figures().unswept_seconds < 60
    sql("UPDATE jobs SET updated_at = UTC_TIMESTAMP() - INTERVAL 4 HOUR WHERE kind = 'delete_ended_jobs'")
    assert job_service.get_figures().unswept_seconds > 3.9 * 3600


def test_jobs_that_ended_long_ago_are_deleted(admin: Player, sql: Sql) -> None:
    old, young, waiting = (enqueue(pages=1, created_by=admin.id) for _ in range(3))
    for job in (old, young):
        run(job.id)
    sql("UPDATE jobs SET leased_until = UTC_TIMESTAMP() - INTERVAL 91 DAY WHERE id IN (:a, :b)", a=old.id, b=waiting.id)
    job_service.run_recurring_job("delete_ended_jobs", RECURRING_JOBS)
    left = {row.id for row in sql("SELECT id FROM jobs WHERE id >= :id", id=old.id)}
    assert {young.id, waiting.id} <= left
    assert old.id not in left


def test_admins_read_jobs(client: FlaskClient, admin: Player) -> None:
    jobs = [enqueue("test_listed", pages=number) for number in (1, 2, 3)]
    job_service.run_job(jobs[1].id, {"test_listed": count_a_page})

    def listed(query: str) -> list[int]:
        data = client.get(f"/api/v1/admin/jobs?{query}", headers=admin.headers).get_json()["data"]
        return [item["id"] for item in data["items"]]

    first = client.get("/api/v1/admin/jobs?kind=test_listed&limit=2", headers=admin.headers).get_json()["data"]
    assert [item["id"] for item in first["items"]] == [jobs[2].id, jobs[1].id]
    assert listed(f"kind=test_listed&limit=2&cursor={first['next_cursor']}") == [jobs[0].id]
    assert listed("kind=test_listed&status=queued") == [jobs[2].id, jobs[0].id]
    assert jobs[0].id in listed("status=queued&limit=100")
    assert jobs[2].id in listed("")

    body = client.get(f"/api/v1/admin/jobs/{jobs[1].id}", headers=admin.headers).get_json()["data"]
    assert set(body) == {"id", "kind", "status", "done", "total", "result", "error", "created_at", "updated_at"}
    assert (body["kind"], body["done"], body["total"], body["result"]) == ("test_listed", 2, 2, {"counted": 2})

    assert client.get("/api/v1/admin/jobs?status=lost", headers=admin.headers).status_code == 400
    missing = client.get(f"/api/v1/admin/jobs/{2**62}", headers=admin.headers)
    assert (missing.status_code, missing.get_json()["error"]["code"]) == (404, "JOB_NOT_FOUND")
    assert client.post(f"/api/v1/admin/jobs/{2**62}/cancel", headers=admin.headers).status_code == 404


def test_figures_say_what_failed_and_how_long_jobs_wait(sql: Sql) -> None:
    sql("UPDATE jobs SET status = 'cancelled' WHERE recurring = 0")
    figures = job_service.get_figures()
    assert (figures.failed, figures.wait_seconds) == (0, 0)
    job = enqueue(pages=1)
    sql("UPDATE jobs SET leased_until = leased_until - INTERVAL 90 SECOND WHERE id = :id", id=job.id)
    assert 90 <= job_service.get_figures().wait_seconds < 100
    job_service.run_job(job.id, {COUNT: refuse})
    figures = job_service.get_figures()
    assert (figures.failed, figures.wait_seconds) == (1, 0)
    with time_machine.travel(timedelta(days=2)):
        assert job_service.get_figures().failed == 0
