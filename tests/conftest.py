"""Fixtures for every test: what they share is how they stay out of each other's way."""

import logging
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from lab.servers import BRING, BY_NAME, find
from runner.logfmt import LOGGER
from tests.lab.labs import Lab, a_lab
from tests.memory import memory
from tests.octets import reserved_octet

# A shell that runs the tests in the background has them ignore Ctrl-C, and so would every program that they interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples at every run: what one run passes, the next does not fail. How long an example takes is no matter:
# the machine may stand still meanwhile.
settings.register_profile("repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("repeatable")


@pytest.fixture
def lab_octet() -> Iterator[int]:
    """The second byte of a loopback /16 that no other test of this machine uses meanwhile."""
    with reserved_octet() as octet:
        yield octet


@pytest.fixture
def memory_path() -> Iterator[Path]:
    """A directory of the test's own, in memory."""
    with tempfile.TemporaryDirectory(dir=memory()) as directory:
        yield Path(directory)


@pytest.fixture(autouse=True, scope="session")
def _own_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The results store of a test run is its own, also in the processes that it starts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLCHAOS_STATE_DIR", str(tmp_path_factory.mktemp("state")))
        patch.delenv("MLCHAOS_STORE", raising=False)
        yield


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    """A command that runs in the test's own process, and logs as a program of its own, does so for this test alone."""
    logger = logging.getLogger(LOGGER)
    handlers, level, propagate = list(logger.handlers), logger.level, logger.propagate
    yield
    logger.handlers[:] = handlers
    logger.setLevel(level)
    logger.propagate = propagate


@pytest.fixture(autouse=True)
def _needed_servers(request: pytest.FixtureRequest) -> None:
    """Skip a test marked `needs("prometheus", ...)` where a server is missing, with the command that brings it."""
    for mark in request.node.iter_markers("needs"):
        for name in mark.args:
            if find(BY_NAME[name]) is None:
                pytest.skip(f"{name} is not on this machine; bring it with: {BRING}")


@pytest.fixture(scope="session")
def full_lab() -> Iterator[Lab]:
    """One lab with everything that this machine has, shared by the tests of the xdist group `full-lab`."""
    with a_lab() as lab:
        lab.up()
        yield lab
