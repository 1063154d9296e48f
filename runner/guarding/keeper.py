"""The thread that stops a run: it takes the faults out at once, and then ends what the main thread is doing.

The order is on purpose. An exception that a signal raises can leave any lock of the main thread locked (that of the
logging too), so nothing is raised there before the faults are out.
"""

import logging
import queue
import signal
import threading
import time
from collections.abc import Callable

from actions.run_context import Run
from runner.guarding.removal import Removal
from runner.guarding.signals import LEAVE, LEAVE_WITHOUT_ROLLBACKS, Signals
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
        self._asked: queue.SimpleQueue[Stop | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self.stop: Stop | None = None
        self.signals = Signals(self._signalled, lambda: run.is_injecting(threading.main_thread().ident or 0))

    def start(self) -> None:
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def ask(self, stop: Stop) -> None:
        """Have the run stopped. From any thread, and from signal handlers: it takes no lock. The first one counts."""
        self._asked.put(stop)

    def close(self) -> None:
        """End the thread, when what it is undoing is out."""
        self._asked.put(None)
        if self._thread.ident is not None:
            self._thread.join()

    def _signalled(self, number: int) -> None:
        self.ask(Stop(StopKind.SIGNAL, f"received {signal.Signals(number).name}", time.time(), number))

    def _keep(self) -> None:
        while True:
            try:
                asked = self._asked.get(timeout=TICK_SECONDS)
            except queue.Empty:
                asked = self._overdue() if self.stop is None else None
                if asked is None:
                    self._end_activity()
                    continue
            if asked is None:
                return
            if self.stop is None:
                self._stop(asked)
            elif asked.kind is StopKind.SIGNAL:
                logger.warning("%s: this run is being stopped already (%s)", asked.reason, self.stop.reason)
            self._end_activity()

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
