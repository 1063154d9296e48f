"""Fixtures for every test: what they share is how they stay out of each other's way."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

FIRST_OCTET, LAST_OCTET = 100, 250


@contextmanager
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
    pytest.fail(f"every loopback octet from {FIRST_OCTET} to {LAST_OCTET} is taken by a running test")


@pytest.fixture
def lab_octet() -> Iterator[int]:
    """An octet of the test's own."""
    with reserved_octet() as octet:
        yield octet
