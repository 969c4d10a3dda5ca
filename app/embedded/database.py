"""A private MySQL or MariaDB server: found, if need be installed, initialised, started and stopped.

It listens on a unix socket and on a loopback port, keeps its data in a folder of its own and runs with the
durability of production: every commit is on the disk before it is answered.
"""

import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

SERVER_PACKAGES = ("mariadb-server-core", "mariadb-client-core")  # no service; the client part makes data folders
SERVER_NAMES = ("mysqld", "mariadbd")
SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/usr/libexec"])
USER = DATABASE = "laurel"
MAX_SOCKET_PATH = 100  # the kernel allows 107 bytes
START_SECONDS = 60
STOP_SECONDS = 12
RESTART_PAUSE_SECONDS = 3

RELAXED_DURABILITY = ("--innodb-flush-log-at-trx-commit=0", "--sync-binlog=0", "--innodb-doublewrite=0")


class ServerError(Exception):
    """The private server cannot be had; the message says what to do."""


@dataclass(frozen=True, slots=True)
class ServerProgram:
    """The server found on this machine."""

    path: str
    is_mariadb: bool

    @property
    def name(self) -> str:
        """The name of its data folder: the two cannot read each other's files."""
        return "mariadb" if self.is_mariadb else "mysql"


def find_server() -> ServerProgram:
    """A server on this machine; as root on Debian or Ubuntu one is installed if there is none."""
    program = _complete_server()
    if program is None:
        _install_server()
        program = _complete_server()
    if program is None:
        raise ServerError(f"{' and '.join(SERVER_PACKAGES)} were installed, but there is still no server.")
    return program


def _complete_server() -> ServerProgram | None:
    """The first server on the search path that can also make its data folder."""
    for name in SERVER_NAMES:
        path = shutil.which(name, path=SEARCH_PATH)
        if path is None:
            continue
        version = subprocess.run([path, "--no-defaults", "--version"], capture_output=True, text=True, check=True)
        program = ServerProgram(path, is_mariadb="MariaDB" in version.stdout)
        if not program.is_mariadb or shutil.which("my_print_defaults"):  # a part of mariadb-install-db
            return program
    return None


class PrivateDatabase:
    """One server process with its data under `home`."""

    def __init__(self, home: Path, *, password: str, durable: bool = True) -> None:
        self._program = find_server()
        self.home = home / self._program.name
        self._password = password
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self.port = free_port()
        self.socket = _socket_path(self.home)

    @property
    def uri(self) -> str:
        """Where the application finds its database."""
        return (
            f"mysql+pymysql://{USER}:{quote(self._password)}@localhost:{self.port}/{DATABASE}"
            f"?unix_socket={quote(str(self.socket))}"
        )

    @property
    def log_file(self) -> Path:
        """What the server says."""
        return self.home / "server.log"

    @property
    def is_new(self) -> bool:
        """Whether the first start still has to make the data folder."""
        return not self._data_dir.exists()

    @property
    def _data_dir(self) -> Path:
        return self.home / "data"

    @property
    def _temporary_dir(self) -> Path:
        """Its own: a starting server deletes what looks like temporary tables, also those of a neighbour."""
        return self.home / "tmp"

    def start(self) -> None:
        """Start the server and wait until it answers. Raises ServerError with the end of its log."""
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._temporary_dir.mkdir(exist_ok=True)
        if self.is_new:
            self._initialise()
        self._stopping.clear()
        self._spawn()
        self._wait_until_it_answers()

    def stop(self) -> None:
        """End the server cleanly: it writes its pages and closes its files."""
        self._stopping.set()
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()  # what was committed is in its log and is recovered at the next start
            process.wait()
        self._process = None

    def kill(self) -> None:
        """End the server as a power cut would."""
        if self._process is not None:
            self._stopping.set()
            self._process.kill()
            self._process.wait()

    def keep_alive(self) -> None:
        """Start the server again whenever it ends unasked; runs until `stop`."""
        while not self._stopping.is_set():
            if self._process is not None and self._process.poll() is not None:
                print(f"the database ended unexpectedly, it is started again (see {self.log_file})", flush=True)
                if not self._stopping.wait(RESTART_PAUSE_SECONDS):
                    self._spawn()
            self._stopping.wait(0.5)

    def _initialise(self) -> None:
        """Make the data folder in a draft of its own, which a killed start may leave behind, still being written."""
        for old in self.home.glob("draft-*"):
            shutil.rmtree(old, ignore_errors=True)
        draft = Path(tempfile.mkdtemp(prefix="draft-", dir=self.home))
        (draft / "tmp").mkdir()
        if self._program.is_mariadb:
            command = ["mariadb-install-db", "--no-defaults", "--auth-root-authentication-method=socket"]
            command += ["--skip-test-db"]
        else:
            command = [self._program.path, "--no-defaults", "--initialize-insecure"]
        command += [f"--datadir={draft / 'data'}", f"--tmpdir={draft / 'tmp'}", *_as_root()]
        with self.log_file.open("ab") as log:
            done = subprocess.run(command, stdout=log, stderr=log, check=False)
        if done.returncode != 0:
            raise ServerError(f"The database could not be initialised:\n{self._log_tail()}")
        (draft / "data").rename(self._data_dir)
        shutil.rmtree(draft)

    def _spawn(self) -> None:
        init_file = self.home / "accounts.sql"
        init_file.touch(mode=0o600)
        init_file.write_text(self._accounts_sql())
        self.socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        options = [
            f"--datadir={self._data_dir}",
            f"--tmpdir={self._temporary_dir}",
            f"--socket={self.socket}",
            f"--port={self.port}",
            f"--pid-file={self.home / 'server.pid'}",
            f"--init-file={init_file}",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--max-connections=1000",
            "--innodb-buffer-pool-size=256M",
            *([] if self._program.is_mariadb else ["--mysqlx=OFF", "--secure-file-priv=NULL"]),
            *(() if self._durable else RELAXED_DURABILITY),
            *_as_root(),
        ]
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [*end_with_parent(), self._program.path, "--no-defaults", *options],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the supervisor, which stops the database last
            )

    def _accounts_sql(self) -> str:
        """Run at every start: one account, which owns the databases `laurel...`; root only on the socket."""
        password = self._password
        lines = [] if self._program.is_mariadb else [f"ALTER USER 'root'@'localhost' IDENTIFIED BY '{password}'"]
        lines.append(f"CREATE DATABASE IF NOT EXISTS {DATABASE} CHARACTER SET utf8mb4")
        for host in ("localhost", "127.0.0.1"):
            account = f"'{USER}'@'{host}'"
            lines += [
                f"CREATE USER IF NOT EXISTS {account} IDENTIFIED BY '{password}'",
                f"ALTER USER {account} IDENTIFIED BY '{password}'",
                f"GRANT ALL ON `{DATABASE}%`.* TO {account}",
            ]
        return "".join(f"{line};\n" for line in lines)

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                break
            with socket.socket(socket.AF_UNIX) as probe:
                try:
                    probe.connect(str(self.socket))
                    if probe.recv(1):  # the greeting: it comes once the accounts are made
                        return
                except OSError:
                    time.sleep(0.05)
        raise ServerError(f"The database did not start:\n{self._log_tail()}")

    def _log_tail(self) -> str:
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-8:])


def _install_server() -> None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise ServerError(
            "There is no complete MySQL or MariaDB server on this machine. Install one, for example with\n"
            f"  sudo apt-get install --no-install-recommends {' '.join(SERVER_PACKAGES)}\n"
            "or name a server of your own in SQLALCHEMY_DATABASE_URI."
        )
    print(f"installing {' and '.join(SERVER_PACKAGES)} (the server without a service) ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "-q", "update"],
        ["apt-get", "-q", "-y", "install", "--no-install-recommends", *SERVER_PACKAGES],
    ):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ServerError(f"{' '.join(command)} failed:\n{done.stderr}")


def _as_root() -> list[str]:
    """A server started by root wants to be told that this is meant."""
    return ["--user=root"] if os.geteuid() == 0 else []


def end_with_parent() -> list[str]:
    """A prefix that has the kernel end the program (cleanly) when whoever started it is killed."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM"] if setpriv else []


def _socket_path(home: Path) -> Path:
    """Beside the data, or for a long path in a folder of this user under the system's temporary directory."""
    path = home / "server.sock"
    if len(str(path).encode()) <= MAX_SOCKET_PATH:
        return path
    name = hashlib.sha256(str(home).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"laurel-{os.geteuid()}-{name}" / "server.sock"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
