"""What the results store says, as metrics. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from runner.alerting.timeline import STAGES
from runner.alerting.timeline import Outcome as AlertOutcome
from runner.allowance.month import Spending
from runner.exporter import metrics
from runner.exporter.metrics import Metric
from runner.exporter.values import Bounds, Value, bounded, label
from runner.outcome import Outcome
from runner.runs.record import DIED, RUNNING
from runner.store.values import AlertProof, RunRow

VERDICTS = (*(outcome.value for outcome in Outcome), DIED)
ALERT_OUTCOMES: tuple[AlertOutcome, ...] = get_args(AlertOutcome)


@dataclass(frozen=True, slots=True)
class Results:
    """What the store says at one moment: its runs (newest first), its alerts, and how the month goes, by SLO.

    `allowances` has what chaos runs may spend in a month, as a share of the error budget.
    """

    runs: Sequence[RunRow]
    alerts: Sequence[AlertProof]
    month: Mapping[str, Spending]
    allowances: Mapping[str, float]


def result_values(found: Results, bounds: Bounds) -> Iterator[Value]:
    """Everything that the store says. Dry runs break nothing, and are no results."""
    by_experiment = _by_experiment(found.runs)
    experiments, omitted = bounded(by_experiment, bounds.experiments)
    yield Value(metrics.OMITTED, omitted, ("experiment",))
    slos, omitted = bounded(_slos(found), bounds.slos)
    yield Value(metrics.OMITTED, omitted, ("slo",))
    for name in experiments:
        yield from _experiment(name, by_experiment[name], slos)
    for slo in slos:
        spent = found.month.get(slo, Spending())
        yield Value(metrics.MONTH_SPENT, spent.measured, (label(slo),))
        yield Value(metrics.MONTH_ASSUMED, spent.assumed, (label(slo),))
        if slo in found.allowances:
            yield Value(metrics.MONTH_ALLOWANCE, found.allowances[slo], (label(slo),))
    yield from _alerts(found.alerts, bounds)


def _by_experiment(runs: Iterable[RunRow]) -> dict[str, list[RunRow]]:
    """The runs of each experiment, newest first; the experiment that ran last comes first."""
    found: dict[str, list[RunRow]] = {}
    for run in sorted(runs, key=lambda one: one.started_at, reverse=True):
        if not run.dry:
            found.setdefault(label(run.title), []).append(run)
    return found


def _slos(found: Results) -> Iterable[str]:
    """Every SLO that runs have spent of: those of this month, then those of the newest runs."""
    spent = (slo for run in found.runs for slo in run.spent)
    return dict.fromkeys([*found.month, *spent])


def _experiment(name: str, runs: Sequence[RunRow], slos: Sequence[str]) -> Iterator[Value]:
    ended = [run for run in runs if run.verdict != RUNNING]
    yield Value(metrics.RUNS_IN_PROGRESS, len(runs) - len(ended), (name,))
    counts = Counter(run.verdict for run in ended)
    for verdict in VERDICTS:
        yield Value(metrics.RUNS, counts[verdict], (name, verdict))
    if ended:
        yield from _last_run(name, ended[0], slos)


def _last_run(name: str, run: RunRow, slos: Sequence[str]) -> Iterator[Value]:
    known: dict[Metric, float | None] = {
        metrics.LAST_RUN_STARTED: run.started_at,
        metrics.LAST_RUN_ENDED: run.ended_at,
        metrics.LAST_RUN_FAULTS: run.faults,
        metrics.LAST_RUN_DETECT: run.durations.detect,
        metrics.LAST_RUN_PAGE: run.durations.page,
        metrics.LAST_RUN_RECOVER: run.durations.recover,
    }
    for metric, value in known.items():
        if value is not None:
            yield Value(metric, value, (name,))
    for verdict in VERDICTS:
        yield Value(metrics.LAST_RUN_VERDICT, run.verdict == verdict, (name, verdict))
    for slo in slos:
        if slo in run.spent:
            yield Value(metrics.LAST_RUN_SPENT, run.spent[slo], (name, label(slo)))


def _alerts(proofs: Sequence[AlertProof], bounds: Bounds) -> Iterator[Value]:
    newest = {_labels(proof): proof for proof in sorted(proofs, key=lambda one: one.last.at)}
    labels, omitted = bounded(sorted(newest, key=lambda one: newest[one].last.at, reverse=True), bounds.alerts)
    yield Value(metrics.OMITTED, omitted, ("alert",))
    for one in labels:
        yield from _alert(one, newest[one])


def _labels(proof: AlertProof) -> tuple[str, ...]:
    return label(proof.alert), label(proof.severity), label(proof.slo)


def _alert(labels: tuple[str, ...], proof: AlertProof) -> Iterator[Value]:
    timeline = proof.last.timeline
    yield Value(metrics.ALERT_TESTED, proof.last.at, labels)
    if proof.last_proven is not None:
        yield Value(metrics.ALERT_PROVEN, proof.last_proven.at, labels)
    for outcome in ALERT_OUTCOMES:
        yield Value(metrics.ALERT_OUTCOME, timeline.outcome == outcome, (*labels, outcome))
    for stage in STAGES:
        after = timeline.after_fault(stage)
        if after is not None:
            yield Value(metrics.ALERT_STAGE, after, (*labels, stage))
    fault = timeline.at("fault")
    if fault is not None and timeline.predicted_at is not None:
        yield Value(metrics.ALERT_PREDICTED, timeline.predicted_at - fault, labels)
