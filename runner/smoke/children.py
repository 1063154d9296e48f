"""`chaos` in child processes: each with a log of its own, a time by which it has to end, and our signals passed on.

They are in sessions of their own, so that a Ctrl-C in the terminal reaches them once, from here, and what they have
broken is undone before anything else happens.
"""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

CHAOS = (str(Path(sys.executable).with_name("chaos")), "--no-version-check", "--no-log-file")
ENDING_SECONDS = 120.0
"""What a child may take to end in good order, which is to undo what it has broken, before it is killed."""
PROGRESS_SECONDS = 15.0

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended: its exit status (negative: the signal), how long it took, whether its time was over."""

    status: int
    seconds: float
    overdue: bool


class Children:
    """Runs one child at a time."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._child: subprocess.Popen[bytes] | None = None
        self._asked = threading.Event()

    @property
    def interrupted(self) -> bool:
        """Whether a signal has come."""
        return self._asked.is_set()

    def pause(self, seconds: float) -> None:
        """Wait, and no longer than until a signal comes."""
        self._asked.wait(seconds)

    @contextmanager
    def taking_signals(self) -> Iterator[None]:
        """Meanwhile a signal ends the child, and not us. In the main thread."""
        before = {number: signal.signal(number, self._on_signal) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def run(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        output: Path,
        seconds: float,
        *,
        what: str,
        whatever_happens: bool = False,
    ) -> Ended:
        """Run `chaos ARGUMENTS`; standard output goes into the file, and standard error into it as well.

        After `seconds` it is asked to end. `whatever_happens` is for what has to be done even after an interrupt.
        """
        started = time.monotonic()
        with output.open("wb") as file:
            self._child = subprocess.Popen(
                [*CHAOS, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                start_new_session=True,
            )
            if self.interrupted and not whatever_happens:  # it came before there was a child to pass it on to
                self._child.send_signal(signal.SIGINT)
            try:
                overdue = self._wait(self._child, started, started + seconds, what)
            finally:
                status = self._child.wait()
                self._child = None
        return Ended(status, time.monotonic() - started, overdue)

    def _wait(self, child: "subprocess.Popen[bytes]", started: float, due: float, what: str) -> bool:
        """Until it has ended; whether it had to be asked to, since its time was over."""
        while not _ends(child, due, PROGRESS_SECONDS):
            if time.monotonic() >= due:
                self._say(f"{what}: its time is over, so it is ended")
                child.terminate()
                if not _ends(child, time.monotonic() + ENDING_SECONDS, ENDING_SECONDS):
                    self._say(f"{what}: it does not end, so it is killed")
                    child.kill()
                return True
            self._say(f"{what}: still goes on after {time.monotonic() - started:.0f} s")
        return False

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if not self.interrupted:
            self._asked.set()
            self._say(f"{signal.Signals(number).name}: ending what runs, in good order")
        if self._child is not None and self._child.poll() is None:
            self._child.send_signal(number)


def _ends(child: "subprocess.Popen[bytes]", due: float, most: float) -> bool:
    try:
        child.wait(max(min(due - time.monotonic(), most), 0.0))
    except subprocess.TimeoutExpired:
        return False
    return True
