"""Child processes of a set: their output, their time, and the signals that are passed on to them."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from runner.smoke import children as module
from runner.smoke.children import Children
from tests.waiting import wait_for


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch, said: list[str]) -> Children:
    monkeypatch.setattr(module, "CHAOS", ("/bin/sh", "-c"))
    return Children(said.append)


def run(children: Children, script: str, output: Path, seconds: float = 60.0, **options: bool) -> module.Ended:
    return children.run((script,), {**os.environ, "WORD": "word"}, output, seconds, what="a run", **options)


def test_a_child_has_our_environment_and_all_that_it_says_is_kept(children: Children, tmp_path: Path) -> None:
    ended = run(children, 'echo "out $WORD"; echo err >&2; exit 4', tmp_path / "log")
    assert (ended.status, ended.overdue) == (4, False)
    assert (tmp_path / "log").read_text() == "out word\nerr\n"


@pytest.fixture
def over_when_ready(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A log; from the moment that it says `ready` it is an hour later."""
    log = tmp_path / "log"

    def clock() -> float:
        return time.monotonic() + (3600 if log.exists() and "ready" in log.read_text() else 0)

    monkeypatch.setattr(module, "monotonic", clock)
    monkeypatch.setattr(module, "PROGRESS_SECONDS", 0.05)
    return log


def test_one_whose_time_is_over_is_asked_to_end(children: Children, over_when_ready: Path, said: list[str]) -> None:
    script = "trap 'echo undone; exit 3' TERM; echo ready; while :; do sleep 0.02; done"
    ended = run(children, script, over_when_ready, seconds=1800)
    assert (ended.status, ended.overdue) == (3, True)
    assert over_when_ready.read_text() == "ready\nundone\n"
    assert said[-1] == "a run: its time is over, so it is ended"


def test_one_that_does_not_end_then_is_killed(
    children: Children, over_when_ready: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ENDING_SECONDS", 0.1)
    script = "trap '' TERM; echo ready; while :; do sleep 0.02; done"
    ended = run(children, script, over_when_ready, seconds=1800)
    assert (ended.status, ended.overdue) == (-signal.SIGKILL, True)
    assert said[-1] == "a run: it does not end, so it is killed"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_child_in_good_order_and_not_us(
    children: Children, tmp_path: Path, said: list[str], number: signal.Signals
) -> None:
    log = tmp_path / "log"

    def interrupt() -> None:
        wait_for(lambda: log.exists() and "ready" in log.read_text(), 30)
        os.kill(os.getpid(), number)

    sender = threading.Thread(target=interrupt)
    before = signal.getsignal(number)
    script = f"trap 'echo undone; exit 3' {number.name.removeprefix('SIG')}; echo ready; while :; do sleep 0.02; done"
    with children.taking_signals():
        sender.start()
        ended = run(children, script, log)
    sender.join()
    assert (ended.status, ended.overdue, children.interrupted) == (3, False, True)
    assert log.read_text() == "ready\nundone\n"
    assert said == [f"{number.name}: ending what runs, in good order"]
    assert signal.getsignal(number) is before


def test_what_has_to_be_done_after_a_signal_is_done(children: Children, tmp_path: Path) -> None:
    with children.taking_signals():
        signal.raise_signal(signal.SIGTERM)
        assert run(children, "sleep 0.1; echo down", tmp_path / "log", whatever_happens=True).status == 0
        assert run(children, "exec sleep 10", tmp_path / "other").status == -signal.SIGTERM
    assert (tmp_path / "log").read_text() == "down\n"


def test_what_has_to_be_done_gets_no_signal(children: Children, tmp_path: Path) -> None:
    log = tmp_path / "log"

    def interrupt() -> None:
        wait_for(lambda: log.exists() and "ready" in log.read_text(), 30)
        os.kill(os.getpid(), signal.SIGTERM)
        (tmp_path / "on").touch()

    sender = threading.Thread(target=interrupt)
    with children.taking_signals():
        sender.start()
        waiting = f"echo ready; while [ ! -e {tmp_path}/on ]; do sleep 0.02; done; echo down"
        assert run(children, waiting, log, whatever_happens=True).status == 0
    sender.join()
    assert children.interrupted
    assert log.read_text() == "ready\ndown\n"


def test_a_pause_ends_with_a_signal(children: Children) -> None:
    with children.taking_signals():
        signal.raise_signal(signal.SIGTERM)
        children.pause(3600)


def test_a_child_that_takes_long_is_told_of(
    children: Children, tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PROGRESS_SECONDS", 0.05)
    run(children, "sleep 0.3", tmp_path / "log")
    assert said[0] == "a run: still goes on after 0 s"
