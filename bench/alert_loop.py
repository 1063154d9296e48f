"""The whole alert loop in the whole lab, ten times: fault, page at the right receiver, undo, page resolved.

`held` runs of all, the time of each stage after the fault, and how far the predicted time to fire was from the measured
one. The lab evaluates its rules every 2.5 s and scrapes every second.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.result import Result, result
from runner.alerting.timeline import STAGES
from tests.lab.labs import Lab, a_lab, chaos

RUNS = 10
EXPERIMENT = Path(__file__).parents[1] / "experiments" / "alerts" / "gateway-cert-expired.yaml"
"""One alert, and a fault of which all is known at once: every new connection fails."""
SETTLED_SECONDS = 75.0
"""So old is a lab before the first run: the long window of the fast page (an hour, there a minute) is full by then."""
QUIET_WITHIN_SECONDS = 300.0
EVALUATION_SECONDS, SCRAPE_SECONDS = 2.5, 1.0
PENDING_OR_FIRING = 'ALERTS{severity="page"}'


def measure() -> Iterator[Result]:
    with tempfile.TemporaryDirectory() as directory, a_lab() as lab:
        lab.up()
        time.sleep(SETTLED_SECONDS)
        runs = [_once(lab, Path(directory), number) for number in range(RUNS)]
    proven = [one for run in runs for one in run if one["outcome"] == "proven"]
    held = [100.0 * all(one["outcome"] == "proven" for one in run) for run in runs]
    yield result(f"alert loop: runs of {RUNS} that held", [sum(held) / len(held)], "%", target="100 %")
    for stage in STAGES[1:]:
        seconds = [after for one in proven if (after := _after_fault(one, stage)) is not None]
        if seconds:
            yield result(f"alert loop: fault to {stage}", seconds, "s")
    missed = [abs(off) for one in proven if (off := _off(one)) is not None]
    if missed:
        target = f"<= {EVALUATION_SECONDS + SCRAPE_SECONDS:g} s (an evaluation and a scrape)"
        yield result("alert loop: predicted to measured time to fire", missed, "s", target=target)


def _once(lab: Lab, directory: Path, number: int) -> list[dict[str, Any]]:
    """The timelines of one run's alerts; none where it was refused."""
    _wait_until_quiet(lab)
    journal = directory / f"{number}.json"
    chaos("run", "--journal-path", str(journal), str(EXPERIMENT), **lab.environment())
    summary = json.loads(journal.read_text())["mlchaos"]
    timelines: list[dict[str, Any]] = (summary.get("alerts") or {}).get("timelines", [])
    print(f"    run {number + 1}: {summary['verdict']}: {summary['reason']}", file=sys.stderr)
    for one in timelines:
        _tell(one)
    return timelines or [{"outcome": "none", "stages": []}]


def _tell(timeline: Mapping[str, Any]) -> None:
    after = {stage: _after_fault(timeline, stage) for stage in STAGES[1:]}
    told = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in after.items() if seconds is not None)
    off = _off(timeline)
    print(
        f"        {timeline['alert']}: {told}" + (f"; predicted {off:+.1f} s" if off is not None else ""),
        file=sys.stderr,
    )


def _after_fault(timeline: Mapping[str, Any], stage: str) -> float | None:
    fault, at = _at(timeline, "fault"), _at(timeline, stage)
    return None if fault is None or at is None else at - fault


def _off(timeline: Mapping[str, Any]) -> float | None:
    """Predicted less measured time to fire; None where one of them is not known."""
    predicted, fired = timeline.get("predicted_at"), _at(timeline, "firing")
    return None if predicted is None or fired is None else predicted - fired


def _at(timeline: Mapping[str, Any], stage: str) -> float | None:
    found: float | None = next((one["at"] for one in timeline["stages"] if one["stage"] == stage), None)
    return found


def _wait_until_quiet(lab: Lab) -> None:
    """An alert that fires before a run proves nothing, and the run would be refused."""
    deadline = time.monotonic() + QUIET_WITHIN_SECONDS
    while lab.query(PENDING_OR_FIRING):
        if time.monotonic() > deadline:
            raise TimeoutError(f"pages still fire after {QUIET_WITHIN_SECONDS:g} s")
        time.sleep(0.5)
