"""The summary of a run: what was broken, what it cost, how long it took; and its form in the journal."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from clients.prometheus import Known, Reading, Unknown
from probes.counters import Quantile
from runner.alerting.timeline import NO_ALERTS, AlertPath
from runner.phases import PhaseReading
from runner.verdict import Verdict


@dataclass(frozen=True, slots=True)
class BrokenTarget:
    """One fault on one target. Times are seconds since the epoch; `certain` is False where it may not have gone in.

    `node` and `workload` are the target's, where it has them. `undone_at` is None, and `reason` says why, where the
    fault did not come out.
    """

    fault: str
    kind: str
    namespace: str
    name: str
    uid: str
    node: str
    workload: str
    at: float
    record: str = ""
    certain: bool = True
    effective_at: float | None = None
    undone_at: float | None = None
    reason: str = ""

    def document(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class NewPod:
    """A pod that took the place of a killed one."""

    name: str
    node: str


@dataclass(frozen=True, slots=True)
class SliSummary:
    """One SLI of the run. `threshold_seconds` is there for latencies; `objective` is the least allowed good share."""

    name: str
    objective: float
    threshold_seconds: float | None
    phases: tuple[PhaseReading, ...]
    time_to_recover: Reading


@dataclass(frozen=True, slots=True)
class LostRequests:
    """Requests that failed from the fault to the end of the run, out of all, and who counted them."""

    failed: Reading
    total: Reading
    counted_by: str


@dataclass(frozen=True, slots=True)
class RunSummary:
    """Everything that is said about a run when it has ended."""

    run_id: str
    title: str
    verdict: Verdict
    duration_seconds: float
    journal: str
    broken: tuple[BrokenTarget, ...] = ()
    place: str = ""
    """Where the targets are, in words."""
    replacements: tuple[NewPod, ...] = ()
    time_to_ready: Reading | None = None
    """Until the workload was whole again; None where nothing waited for it."""
    slis: tuple[SliSummary, ...] = ()
    lost: LostRequests | None = None
    warnings: tuple[str, ...] = ()
    spent: Mapping[str, float] = field(default_factory=dict)
    """The share of its error budget that each watched SLO has spent since the fault."""
    recovered_in: Reading = Unknown("not waited for")  # noqa: RUF009 (frozen)
    """Seconds from the undo until every watched SLO was back."""
    alerts: AlertPath = NO_ALERTS
    """What became of the expected alerts."""

    @property
    def time_to_recover(self) -> Reading:
        """Until the workload is whole and every SLI is back within its objective; unknown if one of them is."""
        parts = [self.time_to_ready] if self.time_to_ready is not None else []
        parts += [sli.time_to_recover for sli in self.slis]
        if not parts:
            return Unknown("nothing was measured by which it could be told")
        unknown = next((part for part in parts if isinstance(part, Unknown)), None)
        if unknown is not None:
            return unknown
        return max((part for part in parts if isinstance(part, Known)), key=lambda part: part.value)

    def document(self) -> dict[str, Any]:
        """The summary as JSON: a reading is a number, or an object that says why it is unknown."""
        return {
            "run_id": self.run_id,
            "verdict": self.verdict.outcome.value,
            "reason": self.verdict.reason,
            "duration_seconds": round(self.duration_seconds, 3),
            "place": self.place,
            "faults": [one.document() for one in self.broken],
            "replacements": [{"name": pod.name, "node": pod.node} for pod in self.replacements],
            "time_to_ready_seconds": as_json(self.time_to_ready),
            "time_to_recover_seconds": as_json(self.time_to_recover),
            "requests_lost": None
            if self.lost is None
            else {
                "failed": as_json(self.lost.failed),
                "total": as_json(self.lost.total),
                "counted_by": self.lost.counted_by,
            },
            "slis": [_sli_document(sli) for sli in self.slis],
            "error_budget_spent": dict(self.spent),
            "slos_recovered_seconds": as_json(self.recovered_in),
            "alerts": asdict(self.alerts),
            "warnings": list(self.warnings),
        }


def new_pods(healed: Sequence[Mapping[str, Any]], hit: Collection[str]) -> tuple[NewPod, ...]:
    """The pods of a healed workload that replace those that were hit (uids): the newest, by the cluster's clock.

    A pod that was hit and is still there (its container was restarted) is replaced by nobody.
    """
    gone = set(hit) - {pod["uid"] for pod in healed}
    others = [pod for pod in healed if pod["uid"] not in hit]
    newest = sorted(others, key=lambda pod: str(pod.get("created", "")), reverse=True)
    return tuple(NewPod(pod["name"], pod["node"]) for pod in newest[: len(gone)])


def as_json(value: Reading | Quantile | None) -> Any:
    """A reading in JSON."""
    match value:
        case Known(value=number):
            return number
        case Unknown(reason=reason):
            return {"unknown": reason}
        case Quantile(value=number, at_least=True):
            return {"at_least": number}
        case Quantile(value=number):
            return number
    return None


def _sli_document(sli: SliSummary) -> dict[str, Any]:
    return {
        "name": sli.name,
        "objective": sli.objective,
        "threshold_seconds": sli.threshold_seconds,
        "time_to_recover_seconds": as_json(sli.time_to_recover),
        "phases": {
            phase.phase: {
                "good": as_json(phase.good),
                "total": as_json(phase.total),
                "share": as_json(phase.share),
                "per_second": as_json(phase.rate),
                "p50_seconds": as_json(phase.p50),
                "p99_seconds": as_json(phase.p99),
            }
            for phase in sli.phases
        },
    }
