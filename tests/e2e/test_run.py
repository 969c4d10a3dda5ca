"""`python run.py` (what `make run` ends in) on private servers of its own."""

import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from dotenv import dotenv_values
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from config import ROOT
from tests.support.players import finish_body
from tests.support.processes import Running, finish, free_port, is_listening, wait_until

DEMO_BODY = finish_body(987654321)
PRINTED_TOKEN = r"curl -i (http://\S+)/match/finish[^\0]*?Bearer ([\w.-]+)'[^\0]*?waveReached\": 12}}'"


def run(folder: Path, **environment: str) -> Running:
    folder.mkdir(exist_ok=True)
    return Running(["run.py"], log=folder / "run.log", LAUREL_VAR=str(folder / "var"), **environment)


def server_log(folder: Path) -> str:
    return "".join(log.read_text(errors="replace") for log in (folder / "var").glob("*/server.log"))


def test_first_start_settlement_stop_and_second_start(tmp_path: Path) -> None:
    with run(tmp_path) as first:
        url, token = first.wait_for(PRINTED_TOKEN).groups()
        assert url == first.url
        ready = requests.get(f"{url}/readyz", timeout=5)
        assert ready.json() == {"status": "ok", "components": {"mysql": "ok", "redis": "ok"}}
        settled = finish(url, token, DEMO_BODY)
        assert settled.status_code == 200
        assert settled.json()["data"]["rewards"] == {"xp": 170, "softCurrency": 340}
        assert settled.headers["X-Request-Id"] == settled.json()["data"]["requestId"]
        first.wait_for(r"req_\w+ user=\d+ POST /match/finish 200 \d+ms")

        settings = dotenv_values(tmp_path / "var" / "embedded.env")
        assert (tmp_path / "var" / "embedded.env").stat().st_mode & 0o077 == 0
        database = create_engine(settings["SQLALCHEMY_DATABASE_URI"] or "", poolclass=NullPool)
        with database.connect() as connection:
            durable = connection.execute(text("SELECT @@innodb_flush_log_at_trx_commit, @@innodb_doublewrite")).one()
            assert tuple(str(value) for value in durable) in {("1", "1"), ("1", "ON")}

        printed = subprocess.run(
            [sys.executable, "-m", "flask", "laurel", "token", "--user", "demo"],
            cwd=ROOT,
            env={"PATH": "/usr/bin", "LAUREL_VAR": str(tmp_path / "var")},
            capture_output=True,
            text=True,
            check=True,
        )
        again = finish(url, printed.stdout.strip(), DEMO_BODY)
        assert (again.content, again.headers["Idempotency-Replayed"]) == (settled.content, "true")

        assert first.stop() < 20
        assert first.process.returncode == 0
    log = server_log(tmp_path)
    assert "Shutdown complete" in log

    with run(tmp_path) as second:
        second.wait_for(PRINTED_TOKEN, seconds=30)  # below 10 on an idle machine; the suite loads this one
        replayed = finish(second.url, token, DEMO_BODY)
        assert (replayed.content, replayed.headers["Idempotency-Replayed"]) == (settled.content, "true")
        assert second.stop(signal.SIGINT, group=True) < 20
    assert server_log(tmp_path).count("Shutdown complete") > log.count("Shutdown complete")


def test_a_server_of_ones_own_is_used_every_time(tmp_path: Path, empty_database: Callable[[str], str]) -> None:
    uri = empty_database("own")
    for _ in range(2):
        with run(tmp_path, SQLALCHEMY_DATABASE_URI=uri) as running:
            _, token = running.wait_for(PRINTED_TOKEN).groups()
            assert finish(running.url, token, DEMO_BODY).status_code == 200
            assert running.stop(signal.SIGTERM, group=True) < 20
        assert sorted(path.name for path in (tmp_path / "var").iterdir()) == ["embedded.env", "lock", "redis"]
    database = create_engine(uri, poolclass=NullPool)
    with database.connect() as connection:
        assert connection.scalar(text("SELECT COUNT(*) FROM game_events")) == 1


def test_an_unreachable_server_of_ones_own_is_said_in_one_line(tmp_path: Path) -> None:
    uri = f"mysql+pymysql://laurel:secret@127.0.0.1:{free_port()}/laurel"
    with run(tmp_path, SQLALCHEMY_DATABASE_URI=uri) as running:
        assert running.process.wait(30) == 1
        assert "The database is not available" in running.output
        assert "Traceback" not in running.output
        assert "secret" not in running.output


def test_a_killed_supervisor_leaves_nothing_behind(tmp_path: Path) -> None:
    with run(tmp_path) as killed:
        _, token = killed.wait_for(PRINTED_TOKEN).groups()
        settled = finish(killed.url, token, DEMO_BODY)
        killed.process.kill()
        killed.process.wait()
        wait_until(lambda: not is_listening(killed.port), 15)
    with run(tmp_path, PORT=str(killed.port)) as running:
        running.wait_for(PRINTED_TOKEN)
        again = finish(running.url, token, DEMO_BODY)
        assert (again.content, again.headers["Idempotency-Replayed"]) == (settled.content, "true")


def test_two_folders_run_side_by_side_and_one_folder_runs_once(tmp_path: Path) -> None:
    with run(tmp_path / "a") as first, run(tmp_path / "b") as second:
        for running in (first, second):
            _, token = running.wait_for(PRINTED_TOKEN).groups()
            assert finish(running.url, token, DEMO_BODY).status_code == 200
        (tmp_path / "c").mkdir()
        with Running(["run.py"], log=tmp_path / "c" / "log", LAUREL_VAR=str(tmp_path / "a" / "var")) as again:
            assert again.process.wait(20) == 1
            assert "already running" in again.output
        with run(tmp_path / "d", PORT=str(first.port)) as taken:
            assert taken.process.wait(60) == 1
            assert f":{first.port} cannot be used" in taken.output
        assert requests.get(f"{first.url}/readyz", timeout=5).status_code == 200


def test_a_deep_folder_is_no_obstacle(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    with run(deep) as running:
        running.wait_for(PRINTED_TOKEN)


def test_a_killed_start_can_be_repeated(tmp_path: Path) -> None:
    with run(tmp_path) as killed:
        killed.wait_for("making a private database")
        killed.process.kill()
        killed.process.wait()
    with run(tmp_path) as running:
        running.wait_for(PRINTED_TOKEN)


@pytest.mark.parametrize("bad", ["postgresql://u@h/d", "nonsense"])
def test_a_bad_configuration_is_said_before_anything_starts(tmp_path: Path, bad: str) -> None:
    with run(tmp_path, SQLALCHEMY_DATABASE_URI=bad, LOG_FORMAT="xml") as running:
        assert running.process.wait(20) == 1
        assert "SQLALCHEMY_DATABASE_URI" in running.output
        assert "LOG_FORMAT" in running.output
        assert "Traceback" not in running.output


def test_requirements_txt_is_enough_for_every_process_and_one_place_shows_their_figures(tmp_path: Path) -> None:
    with run(tmp_path, PYTHONPATH=str(ROOT / "tests" / "support" / "run_time_only")) as running:
        url, token = running.wait_for(PRINTED_TOKEN).groups()
        assert finish(url, token, DEMO_BODY).status_code == 200

        def figures() -> str:
            return requests.get(f"{url}/metrics", timeout=10).text

        # settled by the API, carried by the relay, applied by the worker
        wait_until(lambda: "laurel_outbox_events_applied_total 1.0" in figures(), 30)
        assert re.search(r'laurel_transactions_total\{name="lease_shards",outcome="committed"\} [1-9]', figures())
        assert re.search(r'laurel_transactions_total\{name="finish_match",outcome="committed"\} 1\.0', figures())
        assert "laurel_outbox_pending 0.0" in figures()
        assert "laurel_queue_depth" in figures()
        assert "ModuleNotFoundError" not in running.output
        running.stop()


def test_a_process_without_a_needed_package_is_found_out() -> None:
    missing = subprocess.run(
        [sys.executable, "-c", "import pytest"],
        env={"PYTHONPATH": str(ROOT / "tests" / "support" / "run_time_only")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "pytest is not in requirements.txt" in missing.stderr
