"""Garbage collection is off while a thousand SLOs are read, and as it was afterwards."""

import gc
from collections.abc import Iterator

import pytest

from runner.slo.garbage import without_collecting


@pytest.fixture(autouse=True)
def _collecting_again() -> Iterator[None]:
    yield
    gc.enable()


def test_it_is_off_within_and_on_again_afterwards() -> None:
    with without_collecting():
        assert not gc.isenabled()
        with without_collecting():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_is_on_again_after_an_error() -> None:
    with pytest.raises(ValueError, match="of the work"), without_collecting():
        raise ValueError("of the work")
    assert gc.isenabled()


def test_it_stays_off_where_it_was_off() -> None:
    gc.disable()
    with without_collecting():
        pass
    assert not gc.isenabled()
