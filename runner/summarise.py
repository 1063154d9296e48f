"""What is said about a run when it has ended: the verdict, what was broken, what that cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from actions.fault import fault_named
from actions.run_context import Injected
from clients.prometheus import Known, Reading, Unknown
from runner.evidence import GuardEvidence, output_of, read_evidence
from runner.outcome import Outcome
from runner.run_summary import BrokenTarget, RunSummary, new_pods
from runner.verdict import Verdict, decide


@dataclass(frozen=True, slots=True)
class Ended:
    """What the guard remembers of a run that has ended. Times are seconds since the epoch.

    `refusal` is why nothing was begun; `place` says in words where the targets are.
    """

    run_id: str
    started_at: float
    ended_at: float
    refusal: str = ""
    evidence: GuardEvidence = field(default_factory=GuardEvidence)
    injected: tuple[Injected, ...] = ()
    method_at: float | None = None
    spent: Mapping[str, float] = field(default_factory=dict)
    place: str = ""


def summarise(
    journal: Mapping[str, Any], experiment: Mapping[str, Any], configuration: Mapping[str, Any], ended: Ended
) -> RunSummary:
    """The summary of a run, from its journal, its experiment and what the guard noted."""
    verdict = (
        Verdict(Outcome.REFUSED, ended.refusal) if ended.refusal else decide(read_evidence(journal, ended.evidence))
    )
    summary = RunSummary(
        run_id=ended.run_id,
        title=str(experiment.get("title", "")),
        verdict=verdict,
        duration_seconds=ended.ended_at - ended.started_at,
        journal=_journal_path(),
        broken=tuple(_broken(one) for one in ended.injected),
        place=ended.place,
        spent=ended.spent,
        recovered_in=_recovered_in(ended),
        alerts=ended.evidence.alerts,
    )
    if not ended.injected or ended.method_at is None:
        return summary
    return _with_cost(summary, journal, experiment, configuration, ended.method_at, ended.ended_at)


def _with_cost(
    summary: RunSummary,
    journal: Mapping[str, Any],
    experiment: Mapping[str, Any],
    configuration: Mapping[str, Any],
    method_at: float,
    ended_at: float,
) -> RunSummary:
    from runner.measure import Times, measure_cost

    fault_at = summary.broken[0].at
    waited = waits_for_healing(experiment)
    healed = output_of(journal, "probes.kube", "healed")
    # A run that waits for no workload has recovered as soon as its SLIs have.
    ready_at = healed["at"] if healed else None if waited else fault_at
    out_at = without_fault(ready_at, summary.broken)
    cost = measure_cost(experiment, configuration, Times(method_at, fault_at, out_at, ended_at))
    hit = {one.uid for one in summary.broken if one.kind == "pod"}
    return replace(
        summary,
        replacements=new_pods(healed["pods"], hit) if healed else (),
        time_to_ready=_time_to_ready(healed, fault_at) if waited else None,
        slis=cost.slis,
        lost=cost.lost,
        warnings=cost.warnings,
    )


def without_fault(ready_at: float | None, broken: Sequence[BrokenTarget]) -> float | None:
    """When the workload was whole, and no fault that stays until its undo was in any more; None when one still is.

    Otherwise a path that is slow for a minute, and hurts nobody, would be over in the first second of it.
    """
    lasting = [one.undone_at for one in broken if fault_named(one.fault).lasts]
    if ready_at is None or None in lasting:
        return None
    return max([ready_at, *(at for at in lasting if at is not None)])


def waits_for_healing(experiment: Mapping[str, Any]) -> bool:
    """Whether the method has the probe that waits until a workload is whole."""
    providers = [activity.get("provider") or {} for activity in experiment.get("method") or ()]
    return any((one.get("module"), one.get("func")) == ("probes.kube", "healed") for one in providers)


def _time_to_ready(healed: Mapping[str, Any] | None, fault_at: float) -> Reading:
    if healed is None:
        return Unknown("the workload was not seen whole again")
    return Known(healed["at"] - fault_at, healed["at"])


def _recovered_in(ended: Ended) -> Reading:
    recovery = ended.evidence.recovery
    if recovery.state == "recovered" and recovery.seconds is not None:
        return Known(recovery.seconds, ended.ended_at)
    return Unknown(recovery.reason or recovery.state)


def _broken(injected: Injected) -> BrokenTarget:
    record, target = injected.record, injected.record.target
    return BrokenTarget(
        fault=record.fault,
        kind=target.kind,
        namespace=target.namespace,
        name=target.name,
        uid=target.uid,
        node=target.details.get("node", ""),
        workload=target.details.get("workload", ""),
        at=injected.intended_at,
        record=record.id,
        certain=injected.sent_at is not None,
        effective_at=injected.effective_at,
        undone_at=injected.undone_at,
        reason=record.reason or injected.problem,
    )


def _journal_path() -> str:
    """Where `chaos run` is about to write the journal; only its command line knows."""
    import click

    context = click.get_current_context(silent=True)
    return str(context.params.get("journal_path", "unknown")) if context is not None else "unknown"
