"""Who listens where on this machine, so that a port in use can be named with its holder."""

import contextlib
import socket
from pathlib import Path

LISTENING = "0A"
"""The kernel's code of the TCP state, in /proc/net/tcp."""


def in_use(address: str, port: int) -> bool:
    """Is somebody listening on `address:port`, or on the port for all addresses?"""
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((address, port))
        except OSError:
            return True
    return False


def holder(port: int) -> str:
    """The processes that listen on `port` at any address ("prometheus (pid 12)"), as far as this user may see them."""
    inodes = _listening_inodes(port)
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            if any(_target(descriptor) in inodes for descriptor in (entry / "fd").iterdir()):
                found.append(f"{(entry / 'comm').read_text().strip()} (pid {entry.name})")
    return ", ".join(found) or "a process of another user"


def _listening_inodes(port: int) -> set[str]:
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(FileNotFoundError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                    inodes.add(f"socket:[{fields[9]}]")
    return inodes


def _target(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except OSError:  # closed meanwhile
        return ""
