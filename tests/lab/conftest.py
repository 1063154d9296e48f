from collections.abc import Iterator

import pytest

from tests.lab.labs import Lab, a_lab


@pytest.fixture
def bare_lab() -> Iterator[Lab]:
    """A lab with the cluster alone, for one test."""
    with a_lab() as lab:
        lab.up("--bare")
        yield lab
