"""What a Chaos Toolkit journal proves: read into plain facts, so that the verdict is a function of them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from runner.alerting.timeline import NO_ALERTS, AlertPath
from runner.guarding.recovery import NOT_WAITED_FOR, Recovery
from runner.guarding.stops import Stop

_WRAPPER = "chaoslib.exceptions.ActivityFailed: "


@dataclass(frozen=True, slots=True)
class Failure:
    """An activity that failed: `kind` is its exception's class name, without the module."""

    activity: str
    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One reading of the steady-state hypothesis, and why it was not met."""

    met: bool
    failure: Failure | None = None
    outside: str = ""


@dataclass(frozen=True, slots=True)
class GuardEvidence:
    """What the guard knows of a run: how many faults went in, or may have, and how they came out.

    `stop` is why it ended the run early. `stuck` has each fault that did not come out, in words, and `vanished` each
    that did not last until it was undone, or may not have. `alerts` is what became of the alerts, of which
    `alerts_expected` were.
    """

    injected: int = 0
    uncertain: int = 0
    stop: Stop | None = None
    stuck: tuple[str, ...] = ()
    vanished: tuple[str, ...] = ()
    recovery: Recovery = NOT_WAITED_FOR
    alerts: AlertPath = NO_ALERTS
    alerts_expected: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the verdict rests on."""

    status: str
    deviated: bool = False
    dry: bool = False
    before: Hypothesis | None = None
    after: Hypothesis | None = None
    during: tuple[Hypothesis, ...] = ()
    method_failures: tuple[Failure, ...] = ()
    rollback_failures: tuple[Failure, ...] = ()
    guard: GuardEvidence = GuardEvidence()


def read_evidence(journal: Mapping[str, Any], guard: GuardEvidence) -> Evidence:
    """The facts of a journal, as Chaos Toolkit keeps it, together with what the guard noted."""
    states = journal.get("steady_states") or {}
    return Evidence(
        status=str(journal.get("status")),
        deviated=bool(journal.get("deviated")),
        dry=bool(journal.get("experiment", {}).get("dry")),
        before=_hypothesis(states.get("before")),
        after=_hypothesis(states.get("after")),
        during=tuple(found for state in states.get("during") or () if (found := _hypothesis(state)) is not None),
        method_failures=tuple(_failures(journal.get("run") or ())),
        rollback_failures=tuple(_failures(journal.get("rollbacks") or ())),
        guard=guard,
    )


def output_of(journal: Mapping[str, Any], module: str, function: str) -> dict[str, Any] | None:
    """What an activity of the method gave back; None when it did not run, failed, or gave no object."""
    for run in journal.get("run") or ():
        provider = run["activity"].get("provider", {})
        if (provider.get("module"), provider.get("func")) == (module, function) and isinstance(run.get("output"), dict):
            return dict(run["output"])
    return None


def _hypothesis(state: Mapping[str, Any] | None) -> Hypothesis | None:
    if state is None or state.get("steady_state_met") is None:
        return None
    if state["steady_state_met"]:
        return Hypothesis(met=True)
    if not state.get("probes"):
        return Hypothesis(met=False, outside="a probe did not end")
    last = state["probes"][-1]
    failure = next(_failures([last]), None)
    return Hypothesis(met=False, failure=failure, outside="" if failure else _outside(last))


def _failures(runs: Iterable[Mapping[str, Any]]) -> Iterator[Failure]:
    for run in runs:
        if run.get("status") != "succeeded":
            yield _failure(run)


def _failure(run: Mapping[str, Any]) -> Failure:
    name = str(run["activity"].get("name", "an activity"))
    if "status" not in run:
        return Failure(name, "Interrupted", "it was cut short")
    text = "".join(run.get("exception") or ("no reason was noted",)).strip()
    last = text.rpartition(_WRAPPER)[2]
    kind, separator, message = last.partition(": ")
    if not separator:
        return Failure(name, "", last)
    return Failure(name, kind.rpartition(".")[2], message)


def _outside(probe: Mapping[str, Any]) -> str:
    activity, output = probe["activity"], probe.get("output")
    tolerance = activity.get("tolerance")
    if isinstance(tolerance, Mapping) and isinstance(output, Mapping) and tolerance.get("target") in output:
        output = output[tolerance["target"]]
    allowed = tolerance.get("range", tolerance) if isinstance(tolerance, Mapping) else tolerance
    shown = f"{output:.4g}" if isinstance(output, float) else str(output)
    return f"{activity['name']} is {shown}, and {_allowed(allowed)}"


def _allowed(allowed: object) -> str:
    if isinstance(allowed, list) and len(allowed) == 2:
        return f"must be {allowed[0]} to {allowed[1]}"
    return f"must be {allowed}"
