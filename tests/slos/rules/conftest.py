"""Fixtures of the rules' tests."""

from collections.abc import Iterator

import pytest

from tests.octets import reserved_octet


@pytest.fixture(scope="module")
def module_octet() -> Iterator[int]:
    """Like lab_octet, for a server that a whole module shares."""
    with reserved_octet() as octet:
        yield octet
