"""Runs as the results store gives them, made by hand: one of each ending, and some that try a page's patience."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from runner.alerting.timeline import STAGES, AlertPath, AlertTimeline, Evidence, Stage, StageSeen, StrayPage
from runner.report.html import html
from runner.report.make import report_of
from runner.report.model import Report
from runner.runs.record import (
    DIED,
    RUNNING,
    Durations,
    EarlyStop,
    LedgerTransition,
    RunRecord,
    SloSample,
    TransitionState,
    WatchedObjective,
)

BEGAN = 1_795_375_608.25
FAULT = BEGAN + 6.27
UNDO = FAULT + 20.4
ENDED = FAULT + 44.0
MADE = BEGAN + 3600.0
RUN_ID = "20261122T192648Z-b31c40"
AVAILABILITY = WatchedObjective("llm-availability", 0.995, "28d", 14.4, 10.0)
TTFT = WatchedObjective("llm-ttft", 0.95, "28d", 14.4, 10.0)
EVERY_VERDICT = ("held", "breached", "aborted", "refused", "inconclusive", "error", DIED, RUNNING)


def burning(
    slo: str, worst: float, *, end: float = ENDED, gap: tuple[float, float] | None = None, reason: str = ""
) -> list[SloSample]:
    """An SLI that dips after the fault and comes back after the undo, four readings a second."""
    samples = []
    for number in range(int((end - BEGAN) * 4)):
        at = BEGAN + number / 4
        rising, falling = 1 - math.exp(-max(at - FAULT - 1, 0) / 4), math.exp(-max(at - UNDO, 0) / 3)
        burn = worst * rising * falling if at > FAULT + 1 else 0.0
        burn *= 1 + 0.12 * math.sin(at * 1.7) + 0.06 * math.sin(at * 5.1)
        unknown = gap is not None and gap[0] <= at < gap[1]
        spend = None if unknown else worst * 0.0009 * rising
        samples.append(SloSample(at, slo, None if unknown else max(burn, 0.0), spend, reason if unknown else ""))
    return samples


def lifetime(
    record: str, target: str, *, fault: str = "pods.kill", at: float = FAULT, out: float | None = UNDO, stuck: str = ""
) -> list[LedgerTransition]:
    """A fault from first to last: undone at `out`, or stuck from then on."""
    turns: list[tuple[float, TransitionState]] = [(at - 0.03, "intended"), (at, "active")]
    if out is not None:
        turns += [(out, "undoing"), (out + 0.6, "stuck" if stuck else "undone")]
    return [
        LedgerTransition(when, record, fault, target, state, stuck if state == "stuck" else "") for when, state in turns
    ]


def timeline(
    alert: str = "LlmAvailabilityBudgetBurn", *, until: Stage = "resolved notified", **fields: Any
) -> AlertTimeline:
    """An alert that went its way up to a stage."""
    seconds = (0.0, 3.1, 4.9, 9.4, 9.6, 10.1, 30.2, 34.6)
    seen_by: Sequence[Evidence] = (
        "ledger", "prometheus", "prometheus", "prometheus", "alertmanager", "sink", "prometheus", "sink",
    )  # fmt: skip
    last = STAGES.index(until)
    stages = tuple(
        StageSeen(stage, FAULT + after, by) if index <= last else StageSeen(stage, None)
        for index, (stage, after, by) in enumerate(zip(STAGES, seconds, seen_by, strict=True))
    )
    given: dict[str, Any] = {
        "alert": alert,
        "slo": "llm-availability",
        "severity": "page",
        "receiver": "ml-oncall",
        "stages": stages,
        "fires_within": 90.0,
        "resolves_within": 180.0,
        "outcome": "proven",
        "predicted_at": FAULT + 8.2,
        "prediction": "error ratio 11.3%, factor 13.44 over 1h and 5m, one evaluation every 2.5 s",
    }
    return AlertTimeline(**{**given, **fields})


def summary(**fields: Any) -> dict[str, Any]:
    """The summary that the journal of a run has."""
    phase = {"good": 61.0, "total": 61.0, "share": 1.0, "per_second": 6.08, "p50_seconds": None, "p99_seconds": None}
    during = {**phase, "good": 118.0, "total": 133.0, "share": 0.8872, "per_second": 6.3}
    fast = {**phase, "share": 0.9649, "p50_seconds": 0.057, "p99_seconds": 0.679}
    slow = {**phase, "share": 0.71, "p50_seconds": 0.31, "p99_seconds": {"at_least": 2.5}}
    return {
        "faults": [
            {
                "fault": "pods.kill",
                "kind": "pod",
                "namespace": "ml-serving",
                "name": "llm-7c9f8b6d5-x2x4q",
                "node": "gpu-a",
                "workload": "deployment/llm",
                "at": FAULT - 0.03,
                "record": "mlchaos-1",
                "certain": True,
                "effective_at": FAULT,
                "undone_at": UNDO + 0.6,
                "reason": "",
            }
        ],
        "replacements": [{"name": "llm-7c9f8b6d5-zz9p1", "node": "gpu-b"}],
        "slis": [
            {
                "name": "availability",
                "objective": 0.99,
                "threshold_seconds": None,
                "time_to_recover_seconds": 21.0,
                "phases": {"before": phase, "during": during, "after": phase},
            },
            {
                "name": "first token in time",
                "objective": 0.95,
                "threshold_seconds": 0.5,
                "time_to_recover_seconds": {"unknown": "it was still outside its objective when the run ended"},
                "phases": {"before": fast, "during": slow, "after": fast},
            },
        ],
        "requests_lost": {"failed": 15.0, "total": 274.0, "counted_by": "the clients"},
        "slos_recovered_seconds": 6.4,
        "warnings": [],
        **fields,
    }


def plan(slos: Sequence[str] = ("llm-availability", "llm-ttft"), targets: int = 1) -> dict[str, Any]:
    """The document of the plan."""
    named = [
        {
            "kind": "pod",
            "namespace": "ml-serving",
            "name": "llm-7c9f8b6d5-x2x4q" if number == 0 else f"llm-7c9f8b6d5-{number:05d}",
            "details": {"node": "gpu-a", "workload": "deployment/llm"},
        }
        for number in range(targets)
    ]
    return {
        "faults": [{"activity": "kill a replica", "fault": "pods.kill", "targets": named, "undo": "nothing"}],
        "error_budget": [{"slo": slo, "most": 0.02, "expected": 0.011, "past": [0.011]} for slo in slos],
        "limits": [{"name": "pods", "used": 1, "allowed": 1, "unit": ""}],
        "duration_seconds": 120.0,
        "warnings": [],
    }


def held() -> RunRecord:
    """A fault that the system took as it should, with its page."""
    return RunRecord(
        run_id=RUN_ID,
        title="One llm replica is killed under load",
        started_at=BEGAN,
        ended_at=ENDED,
        verdict="held",
        reason="the steady state was met before the fault and again after it",
        experiment="experiments/serving/llm-pod-kill.yaml",
        tags=("serving", "llm", "pods"),
        place="https://127.76.0.1:6443 (context mlchaos-lab)",
        host="ci-runner-4",
        digest="5f3c9a17d2b04e66",
        token="311904-5f3c9a17",
        faults=1,
        versions={"mlchaos": "0.1.0", "chaostoolkit": "1.19.0", "python": "3.11.15", "kubernetes": "v1.36.0"},
        plan=plan(),
        summary=summary(),
        spent={"llm-availability": 0.0113, "llm-ttft": 0.0004},
        objectives=(AVAILABILITY, TTFT),
        samples=(*burning("llm-availability", 11.6), *burning("llm-ttft", 0.7)),
        transitions=tuple(lifetime("mlchaos-1", "pod ml-serving/llm-7c9f8b6d5-x2x4q")),
        alerts=AlertPath((timeline(),), (), "sink"),
        durations=Durations(9.4, 10.1, 6.4),
    )


def breached() -> RunRecord:
    """The guard had to take the fault out, the page was lost on its way, and another one came."""
    silenced = timeline(
        until="received",
        outcome="lost",
        lost_at="notified",
        reason="silence 8c1e (by alice, until 21:00, 'deploy') keeps it from ml-oncall",
    )
    slow = timeline(
        "LlmTtftBudgetBurn", slo="llm-ttft", receiver="ml-team", until="crossed", outcome="unknown",
        reason="Prometheus did not answer while it should have fired", predicted_at=None,
        prediction="the error ratio is not known",
    )  # fmt: skip
    stray = StrayPage(
        "NodeDiskPressure", "page", "platform-oncall", FAULT + 12.5, {"node": "gpu-a", "severity": "page"}
    )
    return replace(
        held(),
        verdict="breached",
        reason="the guard took the fault out: llm-availability burns its error budget at 22.4 over 10 s, and "
        "abort_when.burn_rate is 14.4",
        spent={"llm-availability": 0.0234, "llm-ttft": 0.0171},
        samples=(*burning("llm-availability", 22.4), *burning("llm-ttft", 9.7)),
        alerts=AlertPath((slow, silenced), (stray,), "alertmanager"),
        durations=Durations(7.7, None, 12.9),
        stop=EarlyStop(FAULT + 7.7, "breach", "llm-availability burns its error budget at 22.4 over 10 s"),
        transitions=tuple(lifetime("mlchaos-1", "pod ml-serving/llm-7c9f8b6d5-x2x4q", out=FAULT + 7.9)),
    )


def aborted() -> RunRecord:
    """Somebody pressed Ctrl-C."""
    return replace(
        held(),
        verdict="aborted",
        reason="everything is undone, and the run was stopped: SIGINT",
        ended_at=FAULT + 9.0,
        samples=tuple(one for one in held().samples if one.at < FAULT + 9),
        alerts=AlertPath((timeline(until="crossed", outcome="unknown", lost_at="pending", reason="the run ended"),)),
        stop=EarlyStop(FAULT + 6.1, "signal", "SIGINT"),
        transitions=tuple(lifetime("mlchaos-1", "pod ml-serving/llm-7c9f8b6d5-x2x4q", out=FAULT + 6.2)),
        durations=Durations(),
        spent={"llm-availability": 0.0041},
    )


def refused() -> RunRecord:
    """Not let in."""
    reason = "nothing was touched: alert LlmReachabilityBudgetBurn (llm-reachability) is firing, and "
    return RunRecord(
        run_id="20261122T175407Z-8e7661",
        title="The gateway serves an expired certificate",
        started_at=BEGAN,
        ended_at=BEGAN + 8.85,
        verdict="refused",
        reason=f"{reason}admit.quiet_alerts is true",
        experiment="experiments/serving/gateway-cert-expired.yaml",
        faults=0,
        plan=plan(targets=3),
        summary={"slos_recovered_seconds": {"unknown": "not waited for"}, "faults": [], "warnings": []},
    )


def inconclusive() -> RunRecord:
    """An SLO became unknown and the guard stopped the run."""
    reason = "no sample is younger than 5 s: is http://prometheus.example:9090 scraping it?"
    gap = (FAULT + 5, ENDED - 6)
    stop = EarlyStop(FAULT + 20.2, "unknown", f"llm-availability has been unknown for 15 s: {reason}")
    return replace(
        held(),
        verdict="inconclusive",
        reason=f"it is not known whether the SLOs recovered: {reason}",
        spent={"llm-ttft": 0.0004},
        samples=(*burning("llm-availability", 8.0, gap=gap, reason=reason), *burning("llm-ttft", 0.7)),
        alerts=AlertPath((timeline(until="crossed", outcome="lost", lost_at="firing", reason="not within 90 s"),)),
        durations=Durations(),
        stop=stop,
        summary=summary(slos_recovered_seconds={"unknown": reason}, slis=[], warnings=["a query took 4.1 s"]),
    )


def stuck() -> RunRecord:
    """A fault that will not come out."""
    why = "the API server answers 500 to the uncordon of node gpu-a; uncordon it: kubectl uncordon gpu-a"
    return replace(
        held(),
        verdict="error",
        reason=f"a fault is stuck and needs a person: {why}",
        title="GPU node gpu-a is lost",
        transitions=(
            *lifetime("mlchaos-1", "node gpu-a", fault="nodes.cordon", stuck=why),
            *lifetime("mlchaos-2", "pod ml-serving/llm-7c9f8b6d5-x2x4q"),
        ),
        summary=summary(faults=[]),
        alerts=AlertPath(),
        durations=Durations(),
    )


def died() -> RunRecord:
    """The process was killed while the fault was in: there is no end and no summary."""
    return replace(
        held(),
        verdict=DIED,
        reason="",
        ended_at=None,
        summary={},
        spent={},
        samples=(*burning("llm-availability", 11.6, end=FAULT + 8), *burning("llm-ttft", 0.7, end=FAULT + 8)),
        transitions=tuple(lifetime("mlchaos-1", "pod ml-serving/llm-7c9f8b6d5-x2x4q", out=None)),
        alerts=AlertPath((timeline(until="crossed", outcome="unknown", reason="the run died"),), (), "sink"),
        durations=Durations(),
    )


def running() -> RunRecord:
    """A run that goes on."""
    return replace(died(), verdict=RUNNING)


def crowded() -> RunRecord:
    """40 targets, 10 SLOs, 6 alerts, names as long as Kubernetes allows, a run of half an hour, stretches unknown."""
    long = "inference-platform-large-language-model-serving-europe-west4-canary"
    slos = [f"{long}-{name}-{number}" for number in range(5) for name in ("availability", "first-token-latency")]
    samples: list[SloSample] = []
    for number, slo in enumerate(slos):
        gap = (FAULT + 10, FAULT + 22) if number in (1, 4) else None
        reason = "its series have a gap: 0 of 12 scrapes in the window are there" if gap else ""
        samples += burning(slo, (13.0, 6.0, 0.4, 0.0, 3.3)[number % 5], gap=gap, reason=reason)
    transitions: list[LedgerTransition] = []
    for number in range(40):
        target = f"pod {long}/{long}-{number:02d}-7c9f8b6d5-x{number:04d}"
        transitions += lifetime(f"mlchaos-{number}", target, at=FAULT + number * 0.11, out=UNDO + number * 0.05)
    alerts = tuple(
        timeline(f"{''.join(part.title() for part in slo.split('-'))}BudgetBurn", slo=slo, receiver=f"{long}-oncall")
        for slo in slos[:6]
    )
    return replace(
        held(),
        title=f"A whole zone of {long} is lost while the other zones carry the load of all of them and of a canary",
        objectives=tuple(WatchedObjective(slo, 0.9995, "28d", 14.4, 10.0) for slo in slos),
        samples=tuple(samples),
        transitions=tuple(transitions),
        alerts=AlertPath(alerts, (), "sink"),
        spent={slo: 0.0031 * (number % 7) for number, slo in enumerate(slos)},
        plan=plan(slos, targets=40),
        summary=summary(faults=[]),
        faults=40,
        experiment=f"experiments/{long}/{long}/{long}.yaml",
        place=f"https://{long}.{long}.example.com:6443 (context {long})",
    )


HOSTILE = (
    "<script>alert('x')</script><img src=http://evil.example/p.png onerror=alert(1)>\"' | `a` *b* [c](d) & "
    "\u202e\x1b[31m"
)


def hostile() -> RunRecord:
    """Names and texts that would like to be markup, and an address with a password in it."""
    bad = HOSTILE
    return replace(
        breached(),
        title=bad,
        reason=f"{bad}\nsecond line",
        experiment=f"{bad}; rm -rf /",
        place=f"https://admin:hunter2@cluster.example:6443 {bad}",
        host=bad,
        tags=(bad,),
        versions={bad: bad},
        objectives=(WatchedObjective(bad, 0.995, bad, 14.4, 10.0),),
        samples=tuple(burning(bad, 20.0, gap=(FAULT + 3, FAULT + 9), reason=bad)),
        spent={bad: 0.01},
        transitions=tuple(lifetime(bad, bad, fault=bad, stuck=bad)),
        alerts=AlertPath(
            (timeline(bad, slo=bad, severity=bad, receiver=bad, outcome="lost", lost_at="notified", until="received",
                      reason=bad, prediction=bad),),
            (StrayPage(bad, bad, bad, FAULT + 3, {bad: bad}),),
            "sink",
        ),
        stop=EarlyStop(FAULT + 4, "breach", bad),
        summary=summary(
            faults=[], warnings=[bad], requests_lost={"failed": {"unknown": bad}, "total": 1.0, "counted_by": bad},
            replacements=[{"name": bad, "node": bad}],
        ),
    )  # fmt: skip


@cache
def every() -> Mapping[str, RunRecord]:
    """One of each, by name."""
    makers = (held, breached, aborted, refused, inconclusive, stuck, died, running, crowded, hostile)
    return {make.__name__: make() for make in makers}


@cache
def report(name: str) -> Report:
    """The report of one of them."""
    return report_of(every()[name], MADE)


@cache
def page(name: str) -> str:
    """Its page."""
    return html(report(name))
