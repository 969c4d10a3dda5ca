"""Prometheus sees one Laurel, however many processes answer."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from config import Config
from tests.conftest import TEST_JWT_SECRET_KEY
from tests.support.players import finish_body, new_player, open_match
from tests.support.processes import Running, finish, free_port, is_ready, wait_until

Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]


def figures(url: str) -> Figures:
    answer = requests.get(url, timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (200, "text/plain")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def figure(found: Figures, metric: str, **labels: str) -> float:
    return found.get((metric, frozenset(labels.items())), 0)


def start(app: Flask, config: Config, log: Path, **settings: str) -> Running:
    return Running(
        ["-m", "app.server"],
        log=log,
        SQLALCHEMY_DATABASE_URI=config.SQLALCHEMY_DATABASE_URI,
        JWT_SECRET_KEY=TEST_JWT_SECRET_KEY,
        API_WORKERS="2",
        **settings,
    )


def test_the_counts_of_all_workers_add_up(app: Flask, config: Config, tmp_path: Path) -> None:
    player = new_player(app)
    bodies = [finish_body(open_match(app, player)) for _ in range(40)]
    with start(app, config, tmp_path / "api.log") as server:
        server.wait_until_ready()
        with ThreadPoolExecutor(16) as clients:  # a connection each, so that both workers have some
            answers = list(clients.map(lambda body: finish(server.url, player.token, body), bodies * 2))
        assert {answer.status_code for answer in answers} == {200}
        for _ in range(3):
            requests.get(f"{server.url}/match/{2**62}", headers=player.headers, timeout=5)
            requests.get(f"{server.url}/no/such/path/{time.time()}", timeout=5)

        for _ in range(5):  # whichever worker is asked
            found = figures(f"{server.url}/metrics")
            finished = {"method": "POST", "route": "/match/finish", "status": "200"}
            assert figure(found, "laurel_http_request_seconds_count", **finished) == 80
            assert figure(found, "laurel_http_request_seconds_bucket", le="+Inf", **finished) == 80
            get = {"method": "GET", "status": "404"}
            assert figure(found, "laurel_http_request_seconds_count", route="/match/{match_id}", **get) == 3
            assert figure(found, "laurel_http_request_seconds_count", route="none", **get) == 3
            assert figure(found, "laurel_transactions_total", name="finish_match", outcome="committed") == 80
            assert 1 <= figure(found, "laurel_db_pool_open", pool="batch") <= 16
            assert figure(found, "laurel_db_pool_in_use", pool="batch") == 0
            assert figure(found, "laurel_db_pool_size", pool="batch") in (8, 16)  # of each worker that has used it
            assert figure(found, "laurel_outbox_pending") >= 40
            assert figure(found, "laurel_outbox_lag_seconds") > 0

        (victim, *_) = children_of(server.process.pid)
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: victim not in children_of(server.process.pid), 20)
        wait_until(lambda: is_ready(server.url), 20)
        found = figures(f"{server.url}/metrics")
        assert figure(found, "laurel_http_request_seconds_count", **finished) == 80  # what it counted still counts
        assert figure(found, "laurel_db_pool_open", pool="batch") <= 8  # what it held is gone


def children_of(pid: int) -> list[int]:
    """The worker processes, without multiprocessing's own helper."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def test_a_port_of_its_own_takes_the_place_of_the_path(app: Flask, config: Config, tmp_path: Path) -> None:
    port = free_port()
    with start(app, config, tmp_path / "api.log", METRICS_PORT=str(port)) as server:
        server.wait_until_ready()
        assert requests.get(f"{server.url}/metrics", timeout=5).status_code == 404
        found = figures(f"http://127.0.0.1:{port}/metrics")
        ready = {"method": "GET", "route": "/readyz", "status": "200"}
        assert figure(found, "laurel_http_request_seconds_count", **ready) >= 1
        assert ("laurel_dead_letters", frozenset()) in found
