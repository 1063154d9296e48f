"""Calls that are given up."""

import threading

import pytest

from clients.deadline import within


def test_what_a_call_gives_in_time_is_given() -> None:
    assert within(60, lambda: 3) == 3
    assert within(float("inf"), lambda: None) is None


@pytest.mark.parametrize("error", [ValueError("bad"), SystemExit(3)])
def test_what_a_call_raises_is_raised(error: BaseException) -> None:
    def call() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        within(60, call)
    assert caught.value is error


def test_a_call_that_takes_longer_is_given_up_and_keeps_no_program_from_ending() -> None:
    release = threading.Event()
    callers: list[threading.Thread] = []

    def call() -> None:
        callers.append(threading.current_thread())
        release.wait()

    with pytest.raises(TimeoutError):
        within(0.05, call)
    (caller,) = callers
    assert caller.daemon
    release.set()
    caller.join(60)
    assert not caller.is_alive()
