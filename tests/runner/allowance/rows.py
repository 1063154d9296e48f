"""Rows of the results store, for tests of what is made of them."""

from typing import Any

from runner.runs.record import Durations
from runner.store.values import RunRow

NOVEMBER = 1_793_491_200.0
"""2026-11-01 00:00:00 UTC."""


def row(run_id: str = "r", verdict: str = "held", **changed: Any) -> RunRow:
    """A run that has ended, with one fault, early in November 2026."""
    values: dict[str, Any] = {
        "run_id": run_id,
        "title": "LLM: one replica dies",
        "experiment": "llm-pod-kill.yaml",
        "started_at": NOVEMBER + 3600,
        "ended_at": NOVEMBER + 3660,
        "verdict": verdict,
        "reason": "",
        "dry": False,
        "host": "here",
        "faults": 1,
        "durations": Durations(),
    }
    return RunRow(**(values | changed))
