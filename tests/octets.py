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
    """The second byte of a loopback /16 that no other test of this machine uses meanwhile (held by a file lock)."""
    locks = Path(tempfile.gettempdir()) / f"mlchaos-test-octets-{os.getuid()}"
    locks.mkdir(exist_ok=True)
    for octet in range(FIRST_OCTET, LAST_OCTET + 1):
        with (locks / str(octet)).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield octet
            return
    raise RuntimeError(f"every loopback octet from {FIRST_OCTET} to {LAST_OCTET} is taken by a running test")
