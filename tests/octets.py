"""Loopback ranges for tests that run side by side."""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

FIRST_OCTET, LAST_OCTET = 100, 250


@contextlib.contextmanager
def reserved_octet() -> Iterator[int]:
    """The second byte of a loopback /16 that nobody on this machine listens in and no other test uses meanwhile."""
    locks = Path(tempfile.gettempdir()) / f"mlchaos-test-octets-{os.getuid()}"
    locks.mkdir(exist_ok=True)
    for octet in range(FIRST_OCTET, LAST_OCTET + 1):
        with (locks / str(octet)).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            if listeners(octet):
                continue  # left by a test run that was killed
            yield octet
            return
    raise RuntimeError(f"every loopback octet from {FIRST_OCTET} to {LAST_OCTET} is taken by a running test")


def listeners(octet: int) -> list[str]:
    """Local addresses of the listening sockets in a loopback /16, as /proc/net/tcp writes them."""
    prefix = f"{octet:02X}7F"
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return [fields[1] for line in lines if (fields := line.split())[3] == "0A" and fields[1][4:8] == prefix]
