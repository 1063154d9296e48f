from collections.abc import Iterator

import pytest

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
