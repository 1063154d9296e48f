"""The thread that follows a run's alerts, from before the fault until the last one is over."""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from runner.alerting.afterwards import FindSlo, ask_afterwards
from runner.alerting.expectation import Expectation
from runner.alerting.judging import timeline
from runner.alerting.looking import Eyes
from runner.alerting.sightings import Sightings
from runner.alerting.stages import FaultTimes
from runner.alerting.strays import coming, strays, why_unknown
from runner.alerting.timeline import AlertPath, AlertTimeline
from runner.alerting.waiting import quiet_until, wanted_until

logger = logging.getLogger("chaostoolkit")

POLL_SECONDS = 0.5
JOIN_SECONDS = 30.0
"""A whole look is five questions, each of which is bounded by looking.TIMEOUT_SECONDS."""
STRAYS_WITHIN_SECONDS = 30.0
"""So long a page on its way is waited for where no expected alert says within which time it must be notified."""
PAGES_BEFORE_SECONDS = 60.0
"""So much earlier than the run begins pages are asked for, since the clock of who keeps them may be another one."""

Wait = Callable[[float], bool]
"""Waits for so many seconds; True as soon as there is a reason to wait no longer."""
Wanted = Callable[[Expectation, Sightings, FaultTimes], float | None]


class AlertFollower:
    """Follows the expected alerts from `start` to `conclude`. `note` is told of the path whenever a stage was reached.

    `conclude` asks Prometheus and Alertmanager for what is more exact afterwards; until then times are those of looks.
    """

    def __init__(
        self, expected: Sequence[Expectation], forbid_strays: bool, eyes: Eyes, find_slo: FindSlo,
        note: Callable[[AlertPath], None],
    ) -> None:  # fmt: skip
        self._expected = tuple(expected)
        self._forbid_strays = forbid_strays
        self._eyes = eyes
        self._find_slo = find_slo
        self._note = note
        self._sightings = Sightings(self._expected)
        self._looking = threading.Lock()
        self._taking = threading.Lock()
        self._closing = threading.Event()
        self._pages_since = time.time() - PAGES_BEFORE_SECONDS
        self._times: FaultTimes | None = None
        self._noted: object = None
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)
        self._concluded: AlertPath | None = None

    def firing_already(self) -> tuple[str, ...]:
        """The expected alerts that are pending or firing now: what fires before the fault proves nothing."""
        self._look()
        if self._sightings.keeper is None and not self._sightings.kept.tells_time:
            self._look()  # by another clock even what it had before may be new
        if self._sightings.kept.skew:
            logger.warning("%s: what it says is corrected by that", self._sightings.kept.skew)
        return tuple(
            str(one) for one in self._expected if any(episode.gone_at is None for episode in self._sightings.of(one))
        )

    def start(self) -> None:
        self._thread.start()

    def hold(self, times: FaultTimes, until: float, wait: Wait) -> None:
        """Return when the faults need not stay in for any alert any more; at `until` (since the epoch) at last."""
        self._wait(times, until, wait, wanted_until, "Keeping the fault in")

    def wait_for_end(self, times: FaultTimes, wait: Wait) -> None:
        """Return when every alert whose end was asked for is over and told, or its time is."""
        self._wait(times, float("inf"), wait, quiet_until, "Waiting")
        while self._forbid_strays and time.time() < self._strays_until(times):
            if wait(POLL_SECONDS):
                return

    def _strays_until(self, times: FaultTimes) -> float:
        """Until when pages are waited for that nobody expected and that are on their way; 0 where there are none."""
        within = max((one.notified_within for one in self._expected), default=STRAYS_WITHIN_SECONDS)
        with self._taking:
            found = coming(self._expected, self._sightings, times.intended_at)
        return max((one.at + within for one in found), default=0.0)

    def conclude(self, times: FaultTimes | None) -> AlertPath:
        """All that was seen, judged; `times` is None where no fault went in. Ends the thread. Never raises."""
        if self._concluded is None:
            self._end()
            try:
                self._concluded = self._judged(times)
            except Exception:
                logger.exception("What became of the alerts could not be told")
                self._concluded = AlertPath(
                    strays_forbidden=self._forbid_strays, strays_unknown="it failed (see the log)"
                )
            self._note(self._concluded)
            self._eyes.close()
        return self._concluded

    def _judged(self, times: FaultTimes | None) -> AlertPath:
        if times is None:
            return AlertPath(evidence=self._eyes.evidence, strays_forbidden=self._forbid_strays)
        if self._thread.is_alive():
            raise TimeoutError(f"the last look at the alerts took more than {JOIN_SECONDS:g} s")
        self._look()
        timelines = tuple(
            timeline(
                one,
                self._sightings,
                times,
                ask_afterwards(one, self._eyes, self._sightings, times, self._find_slo),
            )
            for one in self._expected
        )
        return self._path(times, timelines)

    def _path(self, times: FaultTimes, timelines: tuple[AlertTimeline, ...]) -> AlertPath:
        return AlertPath(
            timelines,
            strays(self._expected, self._sightings, times.intended_at),
            self._eyes.evidence,
            self._forbid_strays,
            why_unknown(self._sightings, times.intended_at) or self._on_their_way(times),
        )

    def _on_their_way(self, times: FaultTimes) -> str:
        found = coming(self._expected, self._sightings, times.intended_at)
        return "; ".join(f"{one.alert} is on its way to {one.receiver}, and was not notified yet" for one in found)

    def _run(self) -> None:
        due = time.monotonic()
        while not self._closing.wait(max(due - time.monotonic(), 0.0)):
            due = max(due + POLL_SECONDS, time.monotonic())
            try:
                self._look()
                if not self._closing.is_set():
                    self._tell()
            except Exception:
                # The path is looked at once more at the end, and what was not seen is not proven.
                logger.exception("The alerts could not be followed")

    def _look(self) -> None:
        """Whoever is asked may be slow: what is known is not locked meanwhile."""
        with self._looking:
            look = self._eyes.look(time.time(), self._ask_since())
            with self._taking:
                self._sightings.take(look)

    def _ask_since(self) -> float:
        """Pages are asked for from there on, by the clock of who keeps them; from the first where that is unknown."""
        kept = self._sightings.kept
        if kept.newest is not None:
            return kept.newest
        if self._sightings.keeper is None and not kept.tells_time:
            return 0.0
        return self._pages_since + kept.ahead

    def _tell(self) -> None:
        """Note the path as it is known so far, where a stage was reached."""
        times = self._times
        if times is None:
            return
        with self._taking:
            path = self._path(times, tuple(timeline(one, self._sightings, times) for one in self._expected))
        reached = [[(stage.stage, stage.at is not None) for stage in one.stages] for one in path.timelines]
        if (reached, len(path.strays)) != self._noted:
            self._noted = (reached, len(path.strays))
            self._note(path)

    def _wait(self, times: FaultTimes, until: float, wait: Wait, wanted: Wanted, doing: str) -> None:
        self._times = times
        told: tuple[str, ...] = ()
        while True:
            with self._taking:
                limits = [
                    (one, at) for one in self._expected if (at := wanted(one, self._sightings, times)) is not None
                ]
            end = min(max((at for _, at in limits), default=0.0) + POLL_SECONDS, until)
            if time.time() >= end:
                return
            waited_for = tuple(str(one) for one, _ in limits)
            if waited_for != told:
                logger.info("%s (up to %.0f s) for %s", doing, end - time.time(), ", ".join(waited_for))
                told = waited_for
            if wait(POLL_SECONDS):
                return

    def _end(self) -> None:
        self._closing.set()
        if self._thread.ident is not None:
            self._thread.join(JOIN_SECONDS)
