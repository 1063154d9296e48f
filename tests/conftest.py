"""Fixtures for every test: what they share is how they stay out of each other's way."""

from collections.abc import Iterator

import pytest

from tests.octets import reserved_octet


@pytest.fixture
def lab_octet() -> Iterator[int]:
    """The second byte of a loopback /16 that no other test of this machine uses meanwhile."""
    with reserved_octet() as octet:
        yield octet
