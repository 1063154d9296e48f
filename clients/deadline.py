"""A bound on the time of a call that cannot be told how long it may take."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

R = TypeVar("R")


def within(seconds: float, call: Callable[[], R]) -> R:
    """What `call` gives, or raises; TimeoutError when that takes longer than so many seconds.

    It runs in a thread of its own, which is then left alone: it ends when the call does, and keeps no program from
    ending.
    """
    outcome: Future[R] = Future()

    def run() -> None:
        try:
            outcome.set_result(call())
        except BaseException as error:  # noqa: BLE001 (raised again where it is waited for)
            outcome.set_exception(error)

    threading.Thread(target=run, name="bounded call", daemon=True).start()
    return outcome.result(min(seconds, threading.TIMEOUT_MAX))
