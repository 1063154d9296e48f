"""A PostgreSQL of this machine, for as long as the tests that use it."""

import getpass
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.memory import memory
from tests.waiting import wait_for

USER, PASSWORD = "chaos", "s3cret-of-tests"
BRING = "apt-get install postgresql"


def find_postgres() -> Path | None:
    """Where the server's programs are: on PATH, or where Debian keeps them."""
    if found := shutil.which("postgres"):
        return Path(found).parent
    return max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)


@dataclass
class Postgres:
    """A server on loopback that asks for a password."""

    port: int
    _numbers: Iterator[int] = field(default_factory=count)

    def url(self, database: str, password: str = PASSWORD) -> str:
        return f"postgresql://{USER}:{password}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The URL of an empty one."""
        import psycopg

        name = f"results{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def running_postgres(programs: Path) -> Iterator[Postgres]:
    """A server of its own, without a disk; it refuses to be root, so that it is nobody where the tests are root."""
    with TemporaryDirectory(prefix="mlchaos-postgres-", dir=memory()) as name:
        directory = Path(name)
        data, secret = directory / "data", directory / "password"
        data.mkdir(mode=0o700)
        secret.write_text(PASSWORD)
        if getpass.getuser() == "root":
            for path in (directory, data, secret):
                shutil.chown(path, "nobody")
        authentication = ["--auth=scram-sha-256", f"--pwfile={secret}"]
        initialise = [programs / "initdb", "-D", data, "-U", USER, "-E", "UTF8", "--no-sync", *authentication]
        subprocess.run(_as_user(initialise), check=True, capture_output=True, cwd=directory)
        server = Postgres(_free_port())
        options = ["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={directory}"]
        serve = [programs / "postgres", "-D", data, "-p", server.port, *options]
        ends_with_us = ["setpriv", "--pdeathsig", "INT"]
        with (directory / "log").open("w") as log:
            process = subprocess.Popen(_as_user([*ends_with_us, *serve]), stdout=log, stderr=log, cwd=directory)
        try:
            wait_for(lambda: process.poll() is not None or server.answers(), 60)
            assert process.poll() is None, (directory / "log").read_text()
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # a fast shutdown
            process.wait(60)


def _as_user(command: list[object]) -> list[str]:
    nobody = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]
    return [*(nobody if getpass.getuser() == "root" else ()), *(str(part) for part in command)]


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port
