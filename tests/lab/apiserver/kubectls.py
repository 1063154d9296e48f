"""Every kubectl on PATH, and processes to wait for."""

import fcntl
import os
import pty
import shutil
import struct
import subprocess
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from lab.servers import brought_directory

SECONDS = 30.0
TERMINAL_ROWS, TERMINAL_COLUMNS = 33, 101


def every_kubectl() -> list[Path]:
    folders = [*os.environ.get("PATH", "").split(os.pathsep), str(brought_directory() / "bin")]
    found = [Path(path).resolve() for folder in folders if (path := shutil.which("kubectl", path=folder))]
    return list(dict.fromkeys(found))


KUBECTLS: list[Any] = [*every_kubectl()] or [
    pytest.param(
        None, marks=pytest.mark.skip(reason="no kubectl on this machine; bring it with: chaos lab servers --bring")
    )
]


class Kubectl:
    """One kubectl; without WebSockets it speaks SPDY/3.1 (releases before 1.29 never speak anything else)."""

    def __init__(self, path: Path, kubeconfig: Path, websockets: bool) -> None:
        self._path = path
        self._environment = {
            **os.environ,
            "KUBECONFIG": str(kubeconfig),
            "HOME": str(kubeconfig.parent),
            "KUBECTL_REMOTE_COMMAND_WEBSOCKETS": "true" if websockets else "false",
        }

    def run(self, *arguments: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [self._path, *arguments],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            timeout=SECONDS,
            env=self._environment,
            check=False,
        )

    def run_on_terminal(self, typed: str, *arguments: str) -> tuple[int, str]:
        """Exit code and everything that the terminal shows (what is typed as well)."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", TERMINAL_ROWS, TERMINAL_COLUMNS, 0, 0))
        with os.fdopen(master, "r+b", buffering=0) as terminal:
            process = subprocess.Popen(
                [self._path, *arguments], stdin=slave, stdout=slave, stderr=slave, env=self._environment
            )
            os.close(slave)
            terminal.write(typed.encode())
            shown = b""
            with suppress(OSError):  # how a terminal tells that nobody has it open any more
                while piece := terminal.read(4096):
                    shown += piece
            return process.wait(SECONDS), shown.decode()

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [self._path, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=self._environment
        )


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()
