"""What the last runs of an experiment cost, out of the run log."""

from collections.abc import Sequence
from pathlib import Path

from runner.plan.model import Spend
from runner.runs.chaos import ChaosRun
from runner.runs.log import default_path, read_run_log
from slos.model import Slo

LAST_RUNS = 5
"""How many runs say what to expect: enough for a median, few enough to be of the system as it is now."""


def past_runs(path: Path | None = None) -> tuple[ChaosRun, ...]:
    """The runs of this machine; none where there is no log, or no place for one."""
    try:
        return read_run_log(path or default_path()).runs
    except RuntimeError:  # no home directory
        return ()


def spends(title: str, slos: Sequence[Slo], most: float, runs: Sequence[ChaosRun]) -> tuple[Spend, ...]:
    """For each SLO the most that a run may spend, and what the last runs of that title, whatever came of them, did."""
    own = [run for run in runs if run.title == title and run.spent]
    return tuple(
        Spend(slo.name, most, tuple(run.spent[slo.name] for run in own if slo.name in run.spent)[-LAST_RUNS:])
        for slo in slos
    )
