from collections.abc import Iterator

import pytest

from lab.servers import SERVERS, find, remedy
from tests.lab.labs import Lab, a_lab


@pytest.fixture(scope="session")
def full_lab() -> Iterator[Lab]:
    """One lab with everything in it, shared by the tests of the xdist group `full-lab`."""
    for server in SERVERS:
        if find(server) is None:
            pytest.skip(f"{server.name} is not on this machine; bring it with: {remedy(server)}")
    with a_lab() as lab:
        lab.up()
        yield lab


@pytest.fixture
def bare_lab() -> Iterator[Lab]:
    """A lab with the cluster alone, for one test."""
    with a_lab() as lab:
        lab.up("--bare")
        yield lab
