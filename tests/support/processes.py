"""The processes as they are deployed: started, talked to over HTTP, stopped by signals."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import requests

from config import ROOT

# What the processes may inherit: nothing of the configuration of the test run.
INHERITED = ("PATH", "HOME", "LANG", "TMPDIR")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """A started program with its output in a file; killed at the end of the `with` if it still runs."""

    def __init__(self, arguments: list[str], *, log: Path, **environment: str) -> None:
        self.port = int(environment.setdefault("PORT", str(free_port())))
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = log
        self.started = time.monotonic()
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env={**inherited, **environment, "PYTHONUNBUFFERED": "1"},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_failure: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    @property
    def output(self) -> str:
        return self._log.read_text(errors="replace")

    def wait_for(self, pattern: str, seconds: float = 60) -> re.Match[str]:
        """The first match of `pattern` in the output; fails if it does not come or the program ends."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = re.search(pattern, self.output)
            if found:
                return found
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"no {pattern!r} in:\n{self.output}")

    def wait_until_ready(self, seconds: float = 60) -> None:
        wait_until(lambda: is_ready(self.url), seconds)

    def stop(self, with_signal: signal.Signals = signal.SIGTERM, *, group: bool = False) -> float:
        """Signal the program (or its process group, as Ctrl-C does) and wait; returns how many seconds it took."""
        begun = time.monotonic()
        if group:
            os.killpg(self.process.pid, with_signal)
        else:
            self.process.send_signal(with_signal)
        self.process.wait(30)
        return time.monotonic() - begun


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_ready(url: str) -> bool:
    try:
        return requests.get(f"{url}/readyz", timeout=3).status_code == 200
    except requests.ConnectionError:
        return False


def wait_until(condition: object, seconds: float = 30) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def finish(url: str, token: str, body: Mapping[str, object]) -> requests.Response:
    return requests.post(f"{url}/match/finish", json=body, headers={"Authorization": f"Bearer {token}"}, timeout=20)
