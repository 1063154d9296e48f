"""`chaos` in child processes: each with a log of its own, a time by which it has to end, and our signals passed on.

They are in sessions of their own, so that a Ctrl-C in the terminal reaches them once, from here, and what they have
broken is undone before anything else happens.
"""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
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
        self._pending: int | None = None
        """A signal that has come and that no child has got yet."""

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

        After `seconds` it is asked to end. `whatever_happens` is for what has to be done even after an interrupt: it
        gets no signals.
        """
        started = monotonic()
        with output.open("wb") as file:
            child = subprocess.Popen(
                [*CHAOS, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                start_new_session=True,
            )
            if not whatever_happens:
                self._child = child
                self._pass_on()
            try:
                overdue = self._wait(child, started, started + seconds, what)
            finally:
                status = child.wait()
                self._child = None
        return Ended(status, monotonic() - started, overdue)

    def _wait(self, child: "subprocess.Popen[bytes]", started: float, due: float, what: str) -> bool:
        """Until it has ended; whether it had to be asked to, since its time was over."""
        while not _ends(child, due, PROGRESS_SECONDS):
            if monotonic() >= due:
                self._say(f"{what}: its time is over, so it is ended")
                child.terminate()
                if not _ends(child, monotonic() + ENDING_SECONDS, ENDING_SECONDS):
                    self._say(f"{what}: it does not end, so it is killed")
                    child.kill()
                return True
            self._say(f"{what}: still goes on after {monotonic() - started:.0f} s")
        return False

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if not self.interrupted:
            self._asked.set()
            self._say(f"{signal.Signals(number).name}: ending what runs, in good order")
        self._pending = number
        self._pass_on()

    def _pass_on(self) -> None:
        """Give the child the signal that has come, be it before there was a child."""
        if self._child is not None and self._pending is not None:
            number, self._pending = self._pending, None
            if self._child.poll() is None:
                self._child.send_signal(number)


def _ends(child: "subprocess.Popen[bytes]", due: float, most: float) -> bool:
    try:
        child.wait(max(min(due - monotonic(), most), 0.0))
    except subprocess.TimeoutExpired:
        return False
    return True
