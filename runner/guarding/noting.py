"""What happens in a run, put into its spool as it happens."""

import threading

from actions.ledger.record import Halt, Heartbeat, Record
from actions.ledger.store import Contents, Ledger
from clients.prometheus import Known, Reading, Unknown
from probes.slo_watch import Watched, WatchedSlo
from runner.alerting.timeline import AlertPath
from runner.guarding.stops import Stop
from runner.runs.record import LedgerTransition, SloSample
from runner.runs.spool import Spool


class Notes:
    """Notes each state of a fault once, every look at the SLOs, and the stop. From any thread; no call raises."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._noting = threading.Lock()
        self._noted: dict[str, tuple[str, str]] = {}
        self._stopped = False

    def record(self, record: Record) -> None:
        """A record of the ledger as it is now."""
        with self._noting:
            state = (record.state, record.reason)
            if self._noted.get(record.id) == state:
                return
            self._noted[record.id] = state
        target = str(record.target)
        self._spool.transition(
            LedgerTransition(record.changed_at, record.id, record.fault, target, record.state, record.reason)
        )

    def watched(self, watched: Watched) -> None:
        """One look at the SLOs."""
        self._spool.samples([_sample(watched.at, slo) for slo in watched.slos])

    def alerts(self, path: AlertPath) -> None:
        """All that was seen of the run's alerts so far; to be called at every new stage."""
        self._spool.alerts(path)

    def stopped(self, stop: Stop) -> None:
        """Why the run is being ended; once is enough."""
        with self._noting:
            if self._stopped:
                return
            self._stopped = True
        self._spool.stopped(stop.at, stop.kind.value, stop.reason)


class NotedLedger:
    """A ledger, and notes of whatever it has taken: nothing goes in without being noted before."""

    def __init__(self, ledger: Ledger, notes: Notes) -> None:
        self._ledger = ledger
        self._notes = notes
        self.place = ledger.place

    def add(self, record: Record) -> Record:
        return self._noted(self._ledger.add(record))

    def move(self, record: Record) -> Record:
        return self._noted(self._ledger.move(record))

    def remove(self, record: Record) -> None:
        self._ledger.remove(record)

    def get(self, record_id: str) -> Record | None:
        return self._ledger.get(record_id)

    def records(self, run: str | None = None) -> list[Record]:
        return self._ledger.records(run)

    def contents(self) -> Contents:
        return self._ledger.contents()

    def beat(self, run: str, at: float) -> None:
        self._ledger.beat(run, at)

    def heartbeats(self) -> list[Heartbeat]:
        return self._ledger.heartbeats()

    def lock(self, key: str, run: str) -> None:
        self._ledger.lock(key, run)

    def locks(self) -> dict[str, str]:
        return self._ledger.locks()

    def end(self, run: str) -> None:
        self._ledger.end(run)

    def halt(self, halt: Halt) -> None:
        self._ledger.halt(halt)

    def resume(self) -> Halt | None:
        return self._ledger.resume()

    def halted(self) -> Halt | None:
        return self._ledger.halted()

    def close(self) -> None:
        self._ledger.close()

    def _noted(self, record: Record) -> Record:
        self._notes.record(record)
        return record


def _sample(at: float, slo: WatchedSlo) -> SloSample:
    reason = next((one.reason for one in (slo.burn, slo.spend) if isinstance(one, Unknown)), "")
    return SloSample(at, slo.name, _value(slo.burn), _value(slo.spend), reason)


def _value(reading: Reading) -> float | None:
    return reading.value if isinstance(reading, Known) else None
