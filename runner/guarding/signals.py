"""What signals mean to a run: the faults come out first, and then the run ends.

Chaos Toolkit's own handlers raise where the main thread happens to be: InterruptExecution of a SIGTERM is lost in an
activity, SystemExit can cut an undo short, and a second signal drops the rollbacks. Here a handler only asks for the
stop. Whoever undoes (runner.guarding.keeper) then ends the activity in which the main thread stands.
"""

import contextlib
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
LEAVE = 20
"""The exit code by which Chaos Toolkit knows that a run ends, and that rollbacks are to be played."""
LEAVE_WITHOUT_ROLLBACKS = 30
"""The same for SIGUSR2, which skips the experiment's own rollbacks; the guard's undo is no rollback."""


class Signals:
    """The handlers of a run, from `install` to `restore`, both to be called in the main thread.

    `asked` gets the number of a signal that came. It runs inside the handler, wherever the main thread is, so it may
    take no lock (queue.SimpleQueue.put takes none). `shielded` tells that the main thread must not be ended now.
    """

    def __init__(self, asked: Callable[[int], None], shielded: Callable[[], bool]) -> None:
        self._asked = asked
        self._shielded = shielded
        self._before: dict[signal.Signals, Any] = {}
        self._main = threading.main_thread()
        self._in_activity = False
        self._code: int | None = None

    def install(self) -> None:
        """Take the signals over. Those that are ignored (nohup, a shell in the background) stay ignored."""
        for number in STOPPING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._handle)

    def restore(self) -> None:
        """Put back what was there, but nothing that somebody else has installed meanwhile."""
        for number, before in self._before.items():
            if signal.getsignal(number) == self._handle:
                signal.signal(number, before)
        self._before.clear()

    def enter_activity(self) -> None:
        """The main thread may be ended from here on. Calls from other threads mean nothing."""
        if threading.current_thread() is self._main:
            self._in_activity = True

    def leave_activity(self) -> None:
        """The main thread may not be ended any more."""
        if threading.current_thread() is self._main:
            self._in_activity = False

    def end_activity(self, code: int) -> None:
        """End the activity in which the main thread stands, if it stands in one. Not for the main thread.

        To be repeated: Python drops what a handler raises in the wrong place (a finaliser), and an activity may catch
        it. A signal to that very thread wakes it from any wait.
        """
        self._code = code
        if self._in_activity and self._main.ident is not None:
            # The thread is there until the process ends.
            with contextlib.suppress(ProcessLookupError):
                signal.pthread_kill(self._main.ident, signal.SIGUSR1)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._code is None:
            self._asked(number)
        elif self._in_activity and not self._shielded():
            raise SystemExit(self._code)
