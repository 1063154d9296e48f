"""The thread that stops a run: it takes the faults out at once, and then ends what the main thread is doing.

The order is on purpose. An exception that a signal raises can leave any lock of the main thread locked (that of the
logging too), so nothing is raised there before the faults are out.
"""

import contextlib
import logging
import os
import queue
import select
import signal
import threading
import time
from collections.abc import Callable, Iterator

from actions.run_context import Run
from runner.guarding.removal import Removal
from runner.guarding.signals import LEAVE, LEAVE_WITHOUT_ROLLBACKS, STOPPING, Signals
from runner.guarding.stops import Stop, StopKind

logger = logging.getLogger("chaostoolkit")

TICK_SECONDS = 0.25
"""How often the deadline and the heartbeat are looked at, and how often the main thread is told to leave."""


class Keeper:
    """Waits for the first reason to stop, from `start` to `close`.

    `overdue` gives a stop that nobody asks for because the one who should is held up; it is asked at every tick.
    """

    def __init__(self, run: Run, removal: Removal, overdue: Callable[[], Stop | None]) -> None:
        self._run = run
        self._removal = removal
        self._overdue = overdue
        self._asked: queue.SimpleQueue[Stop] = queue.SimpleQueue()
        self._woken, self._wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._closing = False
        self._descriptors = threading.Lock()
        self._open = True
        self._thread = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self.stop: Stop | None = None
        self.signals = Signals(self._wake, lambda: run.is_injecting(threading.main_thread().ident or 0))

    def start(self) -> None:
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def ask(self, stop: Stop) -> None:
        """Have the run stopped, from any thread. The first one counts."""
        self._asked.put(stop)
        self._poke()

    def close(self) -> None:
        """End the thread, when what it is undoing is out. In the main thread, whose signals mean nothing any more."""
        self._closing = True
        self._poke()
        if self._thread.ident is not None:
            self._thread.join()
        self.signals.detach()
        with self._descriptors:
            self._open = False
            os.close(self._woken)
            os.close(self._wake)

    def _poke(self) -> None:
        """A thread that was left alone may come late: then the descriptor may be another file's."""
        with self._descriptors, contextlib.suppress(BlockingIOError):  # full, so that it is awake anyway
            if self._open:
                os.write(self._wake, b"\0")

    def _keep(self) -> None:
        waiting = select.poll()
        waiting.register(self._woken, select.POLLIN)
        while not self._closing:
            for stop in self._next(waiting):
                if self.stop is None:
                    self._stop(stop)
                elif stop.kind is StopKind.SIGNAL:
                    logger.warning("%s: this run is being stopped already (%s)", stop.reason, self.stop.reason)
            self._end_activity()

    def _next(self, waiting: select.poll) -> Iterator[Stop]:
        """What asks for a stop now, waited for no longer than a tick: a signal, a thread, or what is overdue."""
        if waiting.poll(TICK_SECONDS * 1000):
            for number in os.read(self._woken, 4096):
                # From the stop on, this very signal is what ends the activity.
                if number in STOPPING and not (self.stop and number == signal.SIGUSR1):
                    yield Stop(StopKind.SIGNAL, f"received {signal.Signals(number).name}", time.time(), number)
        with contextlib.suppress(queue.Empty):
            while True:
                yield self._asked.get_nowait()
        overdue = self._overdue() if self.stop is None else None
        if overdue is not None:
            yield overdue

    def _stop(self, stop: Stop) -> None:
        self.stop = stop
        self._run.stop(stop.reason)
        try:
            stuck = self._removal.undo_for_good()
        except Exception:
            # The run must end all the same, and its records stay in the ledger.
            logger.exception("Not everything could be undone: chaos recover --run %s", self._run.id)
            return
        out = sum(one.record.state == "undone" for one in self._run.injected)
        logger.warning("The run is stopped: %s; faults taken out: %d, stuck: %d", stop.reason, out, len(stuck))

    def _end_activity(self) -> None:
        if self.stop is not None:
            without = self.stop.number == signal.SIGUSR2
            self.signals.end_activity(LEAVE_WITHOUT_ROLLBACKS if without else LEAVE)
