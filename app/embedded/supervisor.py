"""`make run`: the servers this machine lacks, migrations, demo data, then every process of the Procfile.

Everything it writes is under `var/`. A server that the configuration names is used instead of a private one.
"""

import contextlib
import ctypes
import fcntl
import os
import secrets
import shlex
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import NoReturn

import flask_migrate
from dotenv import dotenv_values
from flask import Flask
from honcho.environ import parse_procfile
from honcho.manager import Manager

from app import create_app, metrics
from app.embedded.database import PrivateDatabase, ServerError, end_with_parent
from app.embedded.redis import PrivateRedis
from app.errors import AppError, explain
from app.extensions import db
from app.middleware.auth_jwt import issue_access_token
from app.rules.match_rules import DEMO_MATCH_ID
from app.services import demo_service, schema_service, user_service
from config import ROOT, Config, ConfigError, given_environment, var_dir

READY_SECONDS = 60
API = "api"  # its name in the Procfile
PR_SET_PDEATHSIG = 1  # linux/prctl.h
TOKEN_TTL = timedelta(days=1)
STOPPED_BY_SIGNAL = (130, 143)


def main() -> int:
    """Run until a signal or the end of a process; returns the exit code."""
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    try:
        with _only_one_per_folder(), _servers() as config, metrics.shared_folder(var_dir() / "metrics"):
            app = create_app(config)
            with app.app_context():
                _refuse_a_taken_port(config)
                _prepare_data()
            return _run_processes(app, config)
    except (ServerError, ConfigError, AppError) as error:
        print(explain(error), file=sys.stderr)
        return 1


def _leave(_signum: int, _frame: FrameType | None) -> NoReturn:
    """A signal during set-up: unwind, which stops what was started."""
    sys.exit(0)


@contextlib.contextmanager
def _only_one_per_folder() -> Iterator[None]:
    folder = var_dir()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServerError(f"Laurel is already running from {folder}.") from None
        yield


@contextlib.contextmanager
def _servers() -> Iterator[Config]:
    """The configuration of all processes, on the configured servers or on private ones that run meanwhile."""
    settings_file = var_dir() / "embedded.env"
    settings = dotenv_values(settings_file)
    for secret in ("JWT_SECRET_KEY", "DATABASE_PASSWORD", "REDIS_PASSWORD"):
        settings[secret] = settings.get(secret) or secrets.token_urlsafe(48)
    given = given_environment()
    with contextlib.ExitStack() as running:
        uri = given.get("SQLALCHEMY_DATABASE_URI")
        settings |= {
            "SQLALCHEMY_DATABASE_URI": uri or running.enter_context(_database(settings["DATABASE_PASSWORD"] or "")),
            "EMBEDDED": "0" if uri else "1",
            "REDIS_URL": given.get("REDIS_URL") or running.enter_context(_redis(settings["REDIS_PASSWORD"] or "")),
        }
        _write_settings(settings_file, settings)
        os.environ.update({name: value for name, value in settings.items() if value and not given.get(name)})
        yield Config.load()


@contextlib.contextmanager
def _database(password: str) -> Iterator[str]:
    database = PrivateDatabase(var_dir(), password=password)
    if database.is_new:
        print("making a private database ...", flush=True)
    try:
        database.start()
        threading.Thread(target=database.keep_alive, daemon=True).start()
        yield database.uri
    finally:
        database.stop()


@contextlib.contextmanager
def _redis(password: str) -> Iterator[str]:
    redis = PrivateRedis(var_dir(), password=password)
    try:
        redis.start()
        yield redis.url
    finally:
        redis.stop()


def _write_settings(file: Path, settings: dict[str, str | None]) -> None:
    """For `flask laurel ...` in a second shell; holds secrets, so only the owner reads it."""
    draft = file.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_text("".join(f"{name}='{value}'\n" for name, value in settings.items()))
    draft.rename(file)


def _refuse_a_taken_port(config: Config) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((config.HOST, config.PORT))
        except OSError as error:
            message = f"{config.HOST}:{config.PORT} cannot be used ({error.strerror}). Set PORT or HOST to another."
            raise ServerError(message) from None


def _prepare_data() -> None:
    """Migrations always; demo data only into a database that holds nobody."""
    schema_service.get_revision()  # a server that cannot be used is said in one line
    flask_migrate.upgrade()
    if demo_service.is_empty():
        for line in demo_service.create_demo_data():
            print(f"demo data: {line}", flush=True)


def _run_processes(app: Flask, config: Config) -> int:
    manager = Manager()
    python_path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    # honcho would give each process a PORT of its own
    process_environment = {**os.environ, "PATH": python_path, "PORT": str(config.PORT), "PYTHONUNBUFFERED": "1"}
    for name, command in parse_procfile((ROOT / "Procfile").read_text()).processes.items():
        behind = [] if name == API else ["nice", "-n", "5"]  # the API is what somebody waits for
        tied = shlex.join([*behind, *end_with_parent(), *shlex.split(command)])
        # one port for the figures of all of them
        own = {} if name == API else {"METRICS_PORT": ""}
        manager.add_process(name, f"exec {tied}", env={**process_environment, **own}, cwd=str(ROOT))
    # honcho's helper process ends with this one, however it ends, and what it started ends with the helper
    os.register_at_fork(after_in_child=lambda: ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL))
    threading.Thread(target=_announce, args=(app, config), daemon=True).start()
    manager.loop()
    with app.app_context():
        db.engine.dispose()
    for stop_signal in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop_signal, signal.SIG_IGN)  # the database is about to be stopped: let it finish
    return 0 if manager.returncode in STOPPED_BY_SIGNAL else int(manager.returncode or 0)


def _announce(app: Flask, config: Config) -> None:
    """Say how to try it, once it answers."""
    url = f"http://{config.HOST}:{config.PORT}"
    deadline = time.monotonic() + READY_SECONDS
    while not _is_ready(url):
        if time.monotonic() > deadline:
            print(f"{url}/readyz does not answer", file=sys.stderr, flush=True)
            return
        time.sleep(0.1)
    try:
        with app.app_context():
            user = user_service.get_user_by_username("demo")
            token = issue_access_token(user.id, user.roles, TOKEN_TTL, version=user.token_version)
    except AppError:
        print(f"\nLaurel serves {url}\n", flush=True)
        return
    print(
        f"""
Laurel serves {url}. Settle the demo match (the token is good for a day):

curl -i {url}/match/finish \\
  -H 'Authorization: Bearer {token}' \\
  -H 'Content-Type: application/json' \\
  -d '{{"matchId": {DEMO_MATCH_ID}, "result": {{"isWin": true, "score": 12450, \
"durationSeconds": 410, "waveReached": 12}}}}'
""",
        flush=True,
    )


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
