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


def holder(port: int, address: str | None = None) -> str:
    """The processes that listen on `port` ("prometheus (pid 12)"), as far as this user may see them.

    At any address, or with `address` (IPv4) only those that are in the way there: at that address or at all of them.
    """
    inodes = _listening_inodes(port, _hexadecimal(address))
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            if any(_target(descriptor) in inodes for descriptor in (entry / "fd").iterdir()):
                found.append(f"{(entry / 'comm').read_text().strip()} (pid {entry.name})")
    return ", ".join(found) or "a process of another user"


def _hexadecimal(address: str | None) -> str | None:
    """An IPv4 address as /proc/net/tcp writes it."""
    return None if address is None else socket.inet_aton(address)[::-1].hex().upper()


def _listening_inodes(port: int, address: str | None) -> set[str]:
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(FileNotFoundError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                where, _, number = fields[1].rpartition(":")
                in_the_way = address is None or where == address or not where.strip("0")
                if fields[3] == LISTENING and int(number, 16) == port and in_the_way:
                    inodes.add(f"socket:[{fields[9]}]")
    return inodes


def _target(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except OSError:  # closed meanwhile
        return ""
