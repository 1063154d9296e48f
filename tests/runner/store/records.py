"""Runs as values, for tests of the store."""

from dataclasses import replace
from typing import Any

from runner.alerting.timeline import AlertPath, AlertTimeline, StageSeen, StrayPage
from runner.runs.record import (
    Durations,
    EarlyStop,
    LedgerTransition,
    RunRecord,
    SloSample,
    WatchedObjective,
)  # fmt: skip

NOW = 1_795_000_000.0


def timeline(alert: str = "LlmBudgetBurn", at: float = NOW, **changes: Any) -> AlertTimeline:
    """An alert that was proven: pending after 2 s, firing after 5 s, notified after 6 s, resolved after 30 s."""
    seen = (
        StageSeen("fault", at, "ledger"),
        StageSeen("crossed", at + 1, "prometheus"),
        StageSeen("pending", at + 2, "prometheus"),
        StageSeen("firing", at + 5, "prometheus", "since the second evaluation"),
        StageSeen("received", at + 5.5, "alertmanager"),
        StageSeen("notified", at + 6, "sink"),
        StageSeen("resolved", at + 30, "prometheus"),
        StageSeen("resolved notified", None),
    )
    made = AlertTimeline(
        alert, "llm-availability", "page", "ml-oncall", seen, 90.0, 180.0, "proven", predicted_at=at + 4
    )
    return replace(made, **changes)


def record(run_id: str = "20261118T000000Z-aaaaaa", at: float = NOW, **changes: Any) -> RunRecord:
    """A run that held, with something in every part of it."""
    made = RunRecord(
        run_id=run_id,
        title="a killed LLM pod costs little",
        started_at=at,
        verdict="held",
        ended_at=at + 60.25,
        reason="the steady state was met before the fault and again after it",
        experiment="experiments/serving/llm-pod-kill.yaml",
        tags=("serving", 'a "tag"'),
        place="https://10.0.0.1:6443",
        host="here",
        digest="0123456789abcdef",
        token="7-0123456789abcdef",
        faults=1,
        versions={"mlchaos": "0.1.0", "python": "3.11.2"},
        plan={"seed": 7, "faults": [{"fault": "pods.kill"}]},
        summary={"run_id": run_id, "verdict": "held"},
        spent={"llm-availability": 0.012, "llm-ttft": 0.0},
        objectives=(WatchedObjective("llm-availability", 0.999, "28d", 14.4, 60.0),),
        samples=(
            SloSample(at + 1, "llm-availability", 0.5, 0.0),
            SloSample(at + 1, "llm-ttft", None, None, "no events in 60 s"),
            SloSample(at + 1.25, "llm-availability", 13.5, 0.001),
            SloSample(at + 1.25, "llm-ttft", 0.25, 0.0),
        ),
        transitions=(
            LedgerTransition(at + 10, "r-1", "pods.kill", "pod ml-serving/llm-0", "intended"),
            LedgerTransition(at + 11, "r-1", "pods.kill", "pod ml-serving/llm-0", "active"),
            LedgerTransition(at + 20, "r-1", "pods.kill", "pod ml-serving/llm-0", "stuck", "the API is away"),
        ),
        alerts=AlertPath(
            (timeline(at=at + 11), timeline("TtftBudgetBurn", at + 11, outcome="lost", lost_at="received")),
            (StrayPage("Watchdog", "page", "deadman", at + 12, {"alertname": "Watchdog"}),),
            "sink",
        ),
        durations=Durations(5.0, 6.0, 12.5),
        stop=EarlyStop(at + 15, "breach", "it burns"),
    )
    return replace(made, **changes)
