"""Looking at a source again and again, beside whoever asks: a scrape gets what is there, however slow the source is.

A source that fails, or that does not answer in time, has no values: what was true a minute ago is not known to be true.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from runner.exporter.metrics import SOURCE_FAILURES, SOURCE_LOOKED, SOURCE_SECONDS, SOURCE_UP
from runner.exporter.values import Value

logger = logging.getLogger("chaostoolkit")

LATE_SECONDS = 30.0
"""A look that takes longer counts as failed, as long as it lasts."""
BUSY_SHARE = 0.05
"""The share of the time that looking may take: a source that is slow to read is read more rarely."""
SLOWER_AT_MOST = 10.0
"""So many times as rarely as was asked for, and no more."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the last look gave. `began_at` (monotonic) is that of the look that goes on, if one does.

    `up` is None before the first look has ended, or has taken too long.
    """

    values: tuple[Value, ...] = ()
    up: bool | None = None
    looked_at: float | None = None
    seconds: float | None = None
    failures: int = 0
    began_at: float | None = None
    late: bool = False


class Looking:
    """A thread that calls `look` every `every` seconds from `start` to `stop`, and `close` last."""

    def __init__(
        self,
        name: str,
        look: Callable[[], Sequence[Value]],
        every: float,
        close: Callable[[], None] = lambda: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._look = look
        self._every = every
        self._close = close
        self._monotonic = monotonic
        self._seen = Seen()
        self._changing = threading.Lock()
        self._said = ""
        self._stop = threading.Event()
        self._first = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"look at the {name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, wait_seconds: float) -> None:
        """Look no more; a look that has begun has so long to come to its end."""
        self._stop.set()
        self._thread.join(wait_seconds)

    def wait_for_first(self, seconds: float) -> bool:
        """Whether the first look has ended, well or not, within so many seconds."""
        return self._first.wait(seconds)

    def values(self) -> Iterator[Value]:
        """What is known now, and how the looking goes."""
        seen = self._checked()
        yield from seen.values if seen.up else ()
        source = (self.name,)
        if seen.up is not None:
            yield Value(SOURCE_UP, seen.up, source)
        yield Value(SOURCE_FAILURES, seen.failures, source)
        if seen.looked_at is not None:
            yield Value(SOURCE_LOOKED, seen.looked_at, source)
        if seen.seconds is not None:
            yield Value(SOURCE_SECONDS, seen.seconds, source)

    def tick(self) -> float:
        """One look; gives how many seconds to wait for the next.

        How long the first one takes says nothing of the others: libraries are loaded, connections made.
        """
        began, first = self._monotonic(), not self._first.is_set()
        self._change(began_at=began, late=False)
        try:
            values = tuple(self._look())
        except Exception as error:  # noqa: BLE001 (whatever it is: the next look may do better)
            self._failed(error, self._monotonic() - began)
        else:
            self._change(
                values=values,
                up=True,
                looked_at=time.time(),
                seconds=self._monotonic() - began,
                began_at=None,
                late=False,
            )
            self._say("")
        self._first.set()
        slower = 0.0 if first else (self._monotonic() - began) / BUSY_SHARE
        return max(self._every, min(slower, self._every * SLOWER_AT_MOST))

    def _run(self) -> None:
        while not self._stop.is_set():
            self._stop.wait(self.tick())
        self._close()

    def _checked(self) -> Seen:
        """What was seen; a look that takes too long is a failure at once, and once."""
        with self._changing:
            seen = self._seen
            late = seen.began_at is not None and self._monotonic() - seen.began_at > LATE_SECONDS
            if late and not seen.late:
                self._seen = seen = replace(seen, up=False, values=(), failures=seen.failures + 1, late=True)
            return seen

    def _failed(self, error: Exception, seconds: float) -> None:
        with self._changing:
            failures = self._seen.failures + (not self._seen.late)
            self._seen = replace(
                self._seen, values=(), up=False, seconds=seconds, failures=failures, began_at=None, late=False
            )
        self._say(f"{error}" or type(error).__name__)
        logger.debug("A look at the %s failed", self.name, exc_info=error)

    def _change(self, **changes: object) -> None:
        with self._changing:
            self._seen = replace(self._seen, **changes)  # type: ignore[arg-type]

    def _say(self, problem: str) -> None:
        """Log a problem once, and its end."""
        before, self._said = self._said, problem
        if problem and problem != before:
            logger.warning("The %s cannot be read: %s", self.name, problem)
        elif before and not problem:
            logger.info("The %s can be read again", self.name)
