"""The run log of before there was a store (`runs.jsonl`): taken in once, and put aside."""

import json
import socket
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from runner.runs.process import process_start
from runner.runs.record import DIED, RUNNING, RunRecord
from runner.runs.spooled import YEAR_10000
from runner.store.sql_store import SqlStore

FILE = "runs.jsonl"
TAKEN_IN = "runs.jsonl.taken-in"


def take_in_old_log(store: SqlStore, directory: Path) -> tuple[str, ...]:
    """Store the runs of the log in the state directory that the store does not have; what is wrong with it, in words.

    A log in which a run goes on is left where it is. Raises OSError where it cannot be read or put aside, StoreError.
    """
    path = directory / FILE
    try:
        text = path.read_text("utf-8", errors="replace")
    except FileNotFoundError:
        return ()
    runs, skipped = read_old_log(text)
    for run in runs:
        if not store.has(run.run_id) and run.verdict != RUNNING:
            store.put(run, run.ended_at or run.started_at)
    if any(run.verdict == RUNNING for run in runs):
        return ()
    path.replace(directory / TAKEN_IN)
    return (f"{path}: lines that are no records of a run were skipped: {skipped}",) if skipped else ()


def read_old_log(text: str) -> tuple[list[RunRecord], int]:
    """Every run in the log, and how many lines are no records."""
    runs: dict[str, RunRecord] = {}
    skipped = 0
    for line in text.splitlines():
        if line.strip():
            try:
                _apply(runs, json.loads(line))
            except (ValueError, OverflowError, KeyError, TypeError, AttributeError, RecursionError):
                skipped += 1
    return list(runs.values()), skipped


def _apply(runs: dict[str, RunRecord], line: Mapping[str, Any]) -> None:
    run_id, at = str(line["run"]), float(line["at"])
    if not 0 <= at < YEAR_10000:
        raise ValueError(at)
    if line["event"] == "began":
        runs[run_id] = RunRecord(
            run_id=run_id,
            title=str(line["title"]),
            started_at=at,
            verdict=RUNNING if _lives(line) else DIED,
            dry=bool(line["dry"]),
            host=str(line["host"]),
            faults=0 if line["dry"] else None,
        )
    elif line["event"] == "ended":
        began = runs[run_id]
        spent = {str(slo): float(share) for slo, share in (line.get("spent") or {}).items()}
        faults = 0 if began.dry else int(line["faults"])
        runs[run_id] = replace(began, ended_at=at, verdict=str(line["verdict"]), faults=faults, spent=spent)
    else:
        raise ValueError(line["event"])


def _lives(line: Mapping[str, Any]) -> bool:
    if line["host"] != socket.gethostname():
        return False
    start = process_start(int(line["pid"]))
    return start is not None and start == line["pid_started"]
