"""How one run of the set ended, from the journal that it wrote."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from runner.journal_summary import read_journal_summary
from runner.runs.record import DIED
from runner.smoke.suite import Member

NOT_RUN = "not run"

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class Result:
    """One experiment of the set. `verdict` is the run's, `died` for one without any, or `not run`.

    `seconds` is what the run took. `spent` has shares of error budgets (1 is all), as far as they are known; `stuck`
    says of each fault that did not come out what and where it is; `output` is what the run printed.
    """

    member: Member
    verdict: str
    reason: str
    seconds: float = 0.0
    run_id: str = ""
    faults: int | None = 0
    spent: Mapping[str, float] = field(default_factory=dict)
    recovered_seconds: float | None = None
    stuck: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    output: str = ""

    @property
    def broke_something(self) -> bool:
        """Whether a fault went in, or may have: of a run that died that is not known."""
        return self.faults != 0


def read_result(member: Member, journal: Path, log: Path, status: int, seconds: float) -> Result:
    """What the journal says; a run that left none, or one without a verdict of the guard, died."""
    output = read_log(log)
    ours = read_journal_summary(journal)
    if ours is None:
        how = f"was killed by signal {-status}" if status < 0 else f"ended with exit status {status}"
        died = Result(member, DIED, f"the run {how} and left no verdict", seconds, faults=None)
        return replace(died, output=output)
    recovered = ours.slos_recovered_seconds
    return Result(
        member=member,
        verdict=ours.verdict,
        reason=ours.reason,
        seconds=seconds,
        run_id=ours.run_id,
        faults=len(ours.faults),
        spent=ours.error_budget_spent,
        recovered_seconds=recovered if isinstance(recovered, float) else None,
        stuck=ours.stuck,
        warnings=ours.warnings,
        output=output,
    )


def read_log(path: Path) -> str:
    """What a child printed, without the colours that Chaos Toolkit puts even into a file."""
    try:
        return _COLOURS.sub("", path.read_text("utf-8", errors="replace"))
    except OSError:
        return ""


def not_run(member: Member, reason: str) -> Result:
    """One that was left out, and why."""
    return Result(member, NOT_RUN, reason)
