"""What signals mean to a run: the faults come out first, and then the run ends.

Chaos Toolkit's own handlers raise where the main thread happens to be: InterruptExecution of a SIGTERM is lost in an
activity, SystemExit can cut an undo short, and a second signal drops the rollbacks. Here a handler raises nothing until
the faults are out. That a signal came is told through a file descriptor that the interpreter writes to at once: Python
runs handlers in the main thread alone, and the kernel may give a signal to any thread, so that a main thread that
sleeps, or is deep in a library, would tell too late. Whoever undoes (runner.guarding.keeper) reads it, and then ends
the activity in which the main thread stands.
"""

import contextlib
import os
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

    The number of a signal that comes is written to `descriptor`, as one byte. `shielded` tells that the main thread
    must not be ended now.
    """

    def __init__(self, descriptor: int, shielded: Callable[[], bool]) -> None:
        self._descriptor = descriptor
        self._shielded = shielded
        self._descriptor_before: int | None = None
        self._before: dict[signal.Signals, Any] = {}
        self._main = threading.main_thread()
        self._in_activity = False
        self._code: int | None = None

    def install(self) -> None:
        """Take the signals over. Those that are ignored (nohup, a shell in the background) stay ignored."""
        for number in STOPPING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._handle)
        self._descriptor_before = signal.set_wakeup_fd(self._descriptor, warn_on_full_buffer=False)

    def detach(self) -> None:
        """Write no more to the descriptor; from here on the signals that were taken over mean nothing."""
        if self._descriptor_before is not None:
            present = signal.set_wakeup_fd(self._descriptor_before)
            if present != self._descriptor:  # somebody else's
                signal.set_wakeup_fd(present)
            self._descriptor_before = None

    def restore(self) -> None:
        """Put back what was there, but nothing that somebody else has installed meanwhile."""
        self.detach()
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
            self._tell_if_untold(number)
        elif self._in_activity and not self._shielded():
            raise SystemExit(self._code)

    def _tell_if_untold(self, number: int) -> None:
        """An event loop in an activity takes the interpreter's descriptor for its own, and leaves none behind."""
        if self._descriptor_before is None:
            return
        if signal.set_wakeup_fd(self._descriptor, warn_on_full_buffer=False) != self._descriptor:
            with contextlib.suppress(BlockingIOError):
                os.write(self._descriptor, bytes([number]))
