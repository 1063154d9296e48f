"""One guarded run: its threads, and what happens at each of its turns."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from actions.ledger.record import Record
from actions.ledger.store import Ledger, LedgerError
from actions.planned import PlannedFault
from actions.run_context import Injected, Run, close_run, open_run
from actions.undoing import undo_record
from clients.prometheus import Prometheus
from probes.slo_watch import SloWatch, stale_after
from runner.alerting.timeline import AlertPath
from runner.guarding.admission import spent
from runner.guarding.deadline import Deadline
from runner.guarding.heartbeat import Heartbeat
from runner.guarding.keeper import Keeper
from runner.guarding.last_look import look_once_more
from runner.guarding.noting import Notes
from runner.guarding.recovery import NOT_WAITED_FOR, Recovery, wait_for_recovery
from runner.guarding.removal import Removal
from runner.guarding.stops import Limits, Stop, StopKind
from runner.guarding.watcher import Watcher

if TYPE_CHECKING:
    from runner.guarding.alert_watch import AlertWatch

logger = logging.getLogger("chaostoolkit")

Phase = Literal["gate", "method", "after", "rollbacks"]


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of real time: the longest that faults may be in, and that the SLOs may take to be back."""

    duration: float
    recover_within: float


Heartbeats = Callable[[Callable[[Stop], None]], Heartbeat]
"""Makes the heartbeat of a run, which is given what stops it."""


class Session:
    """A run from admission to its end. Its hooks are called by the main thread, and are quiet when called again."""

    def __init__(
        self,
        run: Run,
        times: Times,
        limits: Limits,
        prometheus: Prometheus,
        watch: SloWatch,
        heartbeat: Heartbeats,
        notes: Notes,
        alerts: "AlertWatch | None" = None,
    ) -> None:
        self.run = run
        self.phase: Phase = "gate"
        self.recovery: Recovery = NOT_WAITED_FOR
        self.method_at: float | None = None
        self._deadline: Deadline | None = None
        self._times = times
        self._sees_after = stale_after(limits.window_seconds)
        self._prometheus = prometheus
        self._notes = notes
        self._alerts = alerts
        self.alert_path = AlertPath()
        self._removal = Removal(run, self._undo)
        self._keeper = Keeper(run, self._removal, self._overdue)
        self._heartbeat = heartbeat(self._keeper.ask)
        self._watcher = Watcher(watch, limits, self._keeper.ask, self._began, notes.watched)
        self._undone_at: float | None = None
        self._closed = False
        run.unguarded = self._unguarded

    def start(self) -> None:
        """Begin to watch, and take the signals over. In the main thread."""
        self._heartbeat.start()
        self._keeper.start()
        self._watcher.start()
        if self._alerts is not None:
            self._alerts.start()
        self._keeper.signals.install()
        open_run(self.run)

    @property
    def stop(self) -> Stop | None:
        """Why the run was stopped, if it was."""
        return self._keeper.stop

    @property
    def spent(self) -> dict[str, float]:
        """The share of its error budget that each SLO has spent since the fault, as far as it is known."""
        return spent(self._watcher.latest) if self.run.injected else {}

    @property
    def stuck(self) -> tuple[Injected, ...]:
        """The faults that did not come out."""
        return tuple(one for one in self.run.injected if one.record.state != "undone")

    @property
    def expected_alerts(self) -> int:
        """How many alerts the run expects."""
        return self._alerts.expected if self._alerts is not None else 0

    def method_begins(self) -> None:
        """From here on faults may go in, for as long as they may be in at all."""
        self.no_activity()
        self.phase = "method"
        self._deadline = Deadline.starting_now(self._times.duration)
        self.method_at = self._deadline.began_at
        self.run.expires_at = self._deadline.at

    def activity_begins(self) -> None:
        self._keeper.signals.enter_activity()

    def no_activity(self) -> None:
        """The main thread is not to be ended where it is from here on."""
        self._keeper.signals.leave_activity()

    def method_ended(self, failed: bool = False) -> None:
        """Take every fault out, and wait until the SLOs are back; a run that was cut short does not wait.

        The faults stay in until the expected alerts were seen, unless the method has `failed`.
        """
        self.no_activity()
        if self._alerts is not None and self._deadline is not None and not failed:
            self._alerts.hold(self._deadline.at)
        self.phase = "after"
        self.run.expires_at = 0.0
        if not self.run.stopping:
            look_once_more(self.run.injected, self.run.systems)
        self._take_out()
        if self.run.injected and self._undone_at is not None and self._may_recover():
            self.recovery = wait_for_recovery(
                self._watcher, self._undone_at, self._sees_after, self._times.recover_within, self._cut_short_meanwhile
            )
            if self._alerts is not None and not failed:
                self._alerts.wait_for_end(self._undone_at, self.recovery, self._cut_short_meanwhile)

    def rollbacks_begin(self) -> None:
        """Nothing of ours is left to be cut short: the experiment's own rollbacks are played to their end."""
        self.no_activity()
        self._take_out()
        self.phase = "rollbacks"

    def close(self) -> None:
        """Undo what may be left, end the threads, give the ledger back, and the signals. Never raises."""
        if self._closed:
            return
        self.no_activity()
        self._take_out(retry_stuck=True)
        for one in self.run.injected:
            self._notes.record(one.record)
        self._closed = True
        close_run()
        if self._alerts is not None:
            self.alert_path = self._alerts.conclude(self.stop)
        self._watcher.close()
        self._keeper.close()
        try:
            self._removal.undo_unnoticed()
        except LedgerError as error:
            logger.warning("The ledger cannot be asked for what is left of this run (chaos recover will): %s", error)
        empty = self._removal.forget()
        self._heartbeat.close()
        self._end(self.run.ledger, empty)
        self._prometheus.close()
        self.run.systems.close()

    def restore_signals(self) -> None:
        self._keeper.signals.restore()

    def _end(self, ledger: Ledger, empty: bool) -> None:
        try:
            if empty:
                ledger.end(self.run.id)
        except LedgerError as error:
            logger.warning("The end of this run could not be noted, so its locks are held for some seconds: %s", error)
        ledger.close()

    def _take_out(self, retry_stuck: bool = False) -> None:
        if self._alerts is not None:
            self._alerts.released()
        self._removal.undo_for_good(retry_stuck)
        self._watcher.disarm()
        if self.stop is not None:
            self._notes.stopped(self.stop)
        if self._undone_at is None and self.run.injected:
            self._undone_at = time.time()

    def _may_recover(self) -> bool:
        return self.stop is None or self.stop.kind.of_the_system

    def _cut_short_meanwhile(self) -> bool:
        return not self._may_recover()

    def _undo(self, record: Record) -> Record:
        undone = undo_record(self.run.ledger, record, self.run.systems)
        self._notes.record(undone)  # also where the ledger did not take it
        return undone

    def _began(self) -> float | None:
        return self.run.injected[0].intended_at if self.run.injected else None

    def _overdue(self) -> Stop | None:
        if self.phase == "method" and self.run.injected and self._is_over():
            reason = f"blast_radius.duration ({self._times.duration:g} s) is over, and the method is not"
            return Stop(StopKind.DEADLINE, reason, time.time())
        return None if all_over(self.phase, self.recovery, self.run.injected) else self._heartbeat.overdue()

    def _is_over(self) -> bool:
        return self._deadline is not None and self._deadline.over()

    def _unguarded(self) -> str:
        if self._is_over():
            return "blast_radius.duration is over"
        if not self._watcher.alive:
            return "the SLOs are not watched any more"
        if not self._keeper.alive:
            return "nobody would stop the run any more"
        # A process that slept gets here before the keeper has looked.
        overdue = self._heartbeat.overdue()
        return overdue.reason if overdue is not None else ""


def all_over(phase: Phase, recovery: Recovery, injected: Sequence[Injected]) -> bool:
    """Nothing is in or may still land, and the SLOs are back: who takes this run for dead then finds nothing to do.

    So a heartbeat that is late by now fences nothing.
    """
    left = any(one.perhaps_in_flight or one.record.state != "undone" for one in injected)
    return phase in ("after", "rollbacks") and recovery.state == "recovered" and not left


def refuse_other_faults(ledger: Ledger, run: Run) -> str:
    """Why another run's fault is in the way; empty when none is on a target of this one. Raises LedgerError."""
    return fault_in_the_way(ledger, run.planned, run.id)


def fault_in_the_way(ledger: Ledger, planned: Sequence[PlannedFault], run: str = "") -> str:
    """The same for what is only planned, when `run` is empty: then every run is another one. Raises LedgerError."""
    targets = {(one.kind, one.namespace, one.name) for fault in planned for one in fault.draft.targets}
    for record in ledger.records():
        one = record.target
        if record.run != run and record.state != "undone" and (one.kind, one.namespace, one.name) in targets:
            return (
                f"{record.fault} of run {record.run} is still on {one} ({record.state}); "
                f"take it out first: chaos recover --run {record.run}"
            )
    return ""
