from collections.abc import Iterator

import pytest

from lab.servers import BRING, BY_NAME, find
from tests.lab.labs import Lab, a_lab


@pytest.fixture(scope="session")
def full_lab() -> Iterator[Lab]:
    """One lab with everything that this machine has, shared by the tests of the xdist group `full-lab`."""
    with a_lab() as lab:
        lab.up()
        yield lab


@pytest.fixture
def bare_lab() -> Iterator[Lab]:
    """A lab with the cluster alone, for one test."""
    with a_lab() as lab:
        lab.up("--bare")
        yield lab


@pytest.fixture(autouse=True)
def _needed_servers(request: pytest.FixtureRequest) -> None:
    """Skip a test marked `needs("prometheus", ...)` where a server is missing, with the command that brings it."""
    for mark in request.node.iter_markers("needs"):
        for name in mark.args:
            if find(BY_NAME[name]) is None:
                pytest.skip(f"{name} is not on this machine; bring it with: {BRING}")
