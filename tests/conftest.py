"""The database is real, always: a private server for the run, or the one that TEST_DATABASE_URI names.

Every pytest-xdist worker has a database of its own, migrated once; tests keep apart by using fresh users.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from app import create_app
from app.embedded.database import PrivateDatabase
from app.embedded.redis import PrivateRedis
from app.extensions import db
from config import Config
from tests.support.contract import SEEN, CheckedClient, Met, unprovoked_errors
from tests.support.players import Player, new_player

SERVER_URI = "LAUREL_TEST_SERVER_URI"  # handed from the pytest process to its workers
APPS: list[Flask] = []  # those that live as long as the run
TEST_JWT_SECRET_KEY = secrets.token_urlsafe(48)

UNPROVOKED = pytest.StashKey[list[Met]]()

_server: PrivateDatabase | None = None


def pytest_configure(config: pytest.Config) -> None:
    without_server = config.option.collectonly or all("tests/unit" in argument for argument in config.args)
    if hasattr(config, "workerinput") or without_server:
        return
    os.environ[SEEN] = tempfile.mkdtemp(prefix="laurel-errors-")
    os.environ[SERVER_URI] = os.environ.get("TEST_DATABASE_URI") or _start_server()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A whole run also fails if the API's document names an error that no test has provoked."""
    config = session.config
    whole_run = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not config.option.keyword
    if whole_run and not hasattr(config, "workerinput") and not config.option.collectonly:
        config.stash[UNPROVOKED] = unprovoked_errors(Path(os.environ[SEEN]))
        if config.stash[UNPROVOKED] and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for operation, code in config.stash.get(UNPROVOKED, []):
        terminalreporter.write_line(f"NOT PROVOKED by any test, though documented: {code} of {operation}", red=True)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.get(SEEN, ""), ignore_errors=True)
    if _server is not None and not hasattr(config, "workerinput"):
        _server.stop()
        shutil.rmtree(_server.home)


def _start_server() -> str:
    global _server
    home = Path(tempfile.mkdtemp(prefix="laurel-tests-"))
    _server = PrivateDatabase(home, password=secrets.token_urlsafe(24), durable=False)
    _server.start()
    return _server.uri


@pytest.fixture(scope="session")
def empty_database(worker_id: str) -> Iterator[Callable[[str], str]]:
    """Make an empty database for this worker; returns its URI. All of them are dropped at the end."""
    server = create_engine(make_url(os.environ[SERVER_URI]).set(database=None), poolclass=NullPool)
    made: list[str] = []

    def make(purpose: str) -> str:
        name = f"laurel_test_{purpose}_{worker_id}"
        made.append(name)
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
            connection.execute(text(f"CREATE DATABASE {name} CHARACTER SET utf8mb4"))
        return make_url(os.environ[SERVER_URI]).set(database=name).render_as_string(hide_password=False)

    yield make
    with server.connect() as connection:
        for name in made:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))


@pytest.fixture(scope="session")
def config(empty_database: Callable[[str], str]) -> Config:
    return Config.from_mapping(
        {
            "SQLALCHEMY_DATABASE_URI": empty_database("main"),
            "JWT_SECRET_KEY": TEST_JWT_SECRET_KEY,
            "DATABASE_POOL_SIZE": 60,
            "DATABASE_POOL_TIMEOUT": 20,
            "DATABASE_CONNECT_TIMEOUT": 20,
            "DATABASE_READ_TIMEOUT": 20,
            "EMBEDDED": True,
        }
    )


@pytest.fixture(scope="session")
def app(config: Config) -> Iterator[Flask]:
    app = create_app(config)
    APPS.append(app)
    app.test_client_class = CheckedClient
    with app.app_context():
        flask_migrate.upgrade()
    yield app
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture(scope="module", autouse=True)
def give_connections_back() -> Iterator[None]:
    """What the threads of a module needed at once would stay open to the end of the run, in every worker."""
    yield
    for app in APPS:
        with app.app_context():
            for engine in db.engines.values():
                engine.dispose()


@pytest.fixture
def app_context(app: Flask) -> Iterator[None]:
    """For tests that call services themselves."""
    with app.app_context():
        yield


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def player(app: Flask) -> Player:
    return new_player(app)


@pytest.fixture
def admin(app: Flask) -> Player:
    return new_player(app, roles=["admin"])


@pytest.fixture(scope="session")
def engine(config: Config, app: Flask) -> Iterator[Engine]:
    """A connection to the database beside the application's own."""
    engine = create_engine(config.SQLALCHEMY_DATABASE_URI, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


@pytest.fixture
def sql(engine: Engine) -> Callable[..., list[Any]]:
    """Run a statement and return its rows: `sql("SELECT ... WHERE user_id = :id", id=1)`."""

    def run(statement: str, **parameters: object) -> list[Any]:
        with engine.connect() as connection:
            result = connection.execute(text(statement), parameters)
            return list(result) if result.returns_rows else []

    return run


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateRedis]:
    """A real Redis for this worker."""
    server = PrivateRedis(tmp_path_factory.mktemp("redis"), password=secrets.token_urlsafe(24))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def with_redis(app: Flask, config: Config, redis_server: PrivateRedis, monkeypatch: pytest.MonkeyPatch) -> PrivateRedis:
    """The application has a Redis."""
    monkeypatch.setitem(app.extensions, "laurel", config.model_copy(update={"REDIS_URL": redis_server.url}))
    return redis_server
