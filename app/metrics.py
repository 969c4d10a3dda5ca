"""Figures for Prometheus, of all processes of the machine together.

Each process writes its own into files of a folder (PROMETHEUS_MULTIPROC_DIR), whoever is asked reads them all. The
supervisor of `make run` gives all processes one folder, `app.server` gives one to its workers. What a process that
ended has counted still counts; the gauges of the living are forgotten with it.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from prometheus_client import REGISTRY, CollectorRegistry, Metric, generate_latest, start_http_server
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from app.services import metrics_service
from config import Config

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # the library reads it when it is imported


class _AllProcesses(Collector):
    """What every process has written, and what only somebody who asks can know."""

    def collect(self) -> Iterable[Metric]:
        for reading in metrics_service.read_gauges():
            yield GaugeMetricFamily(reading.name, reading.help, reading.value)
        folder = os.environ.get(FOLDER)
        if folder:
            _forget_the_dead(Path(folder))
            yield from MultiProcessCollector(CollectorRegistry(), folder).collect()  # type: ignore[no-untyped-call]
        else:
            yield from REGISTRY.collect()


class _InContext(Collector):
    """The same where no request has made the application's context."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def collect(self) -> Iterable[Metric]:
        with self._app.app_context():
            return list(_AllProcesses().collect())


def render() -> bytes:
    """All figures in Prometheus' text format."""
    return generate_latest(_AllProcesses())


def serve(app: Flask, config: Config) -> None:
    """Answer at METRICS_PORT, if there is one, in a thread; exit with a message if it is taken."""
    if config.METRICS_PORT is None:
        return
    registry = CollectorRegistry()
    registry.register(_InContext(app))
    try:
        start_http_server(config.METRICS_PORT, config.HOST, registry)
    except OSError as error:
        sys.exit(f"METRICS_PORT {config.METRICS_PORT} cannot be used ({error.strerror}).")


@contextmanager
def shared_folder(folder: Path | None = None) -> Iterator[str]:
    """An empty folder for the figures of the processes that are started meanwhile; a new one if none is named.

    One that the environment names is used as it is: whoever set it looks after it.
    """
    given = os.environ.get(FOLDER)
    if given and folder is None:
        yield given
        return
    path = folder or Path(tempfile.mkdtemp(prefix="laurel-metrics-"))
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True, mode=0o700)
    os.environ[FOLDER] = str(path)
    try:
        yield str(path)
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _forget_the_dead(folder: Path) -> None:
    """Drop the gauges of processes that are no more."""
    for file in folder.glob("gauge_live*.db"):
        pid = file.stem.rsplit("_", 1)[-1]
        if not Path("/proc", pid).exists():
            mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]
