"""The set, one run after the other: what is left of the budget for each, and after what none begins any more."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from runner.exit_codes import Exit, exit_of, worst
from runner.guarding.shared_budget import MAX_SPEND_VARIABLE
from runner.outcome import Outcome
from runner.plan.digest import VARIABLE as PLAN_VARIABLE
from runner.runs.record import DIED
from runner.smoke.children import ENDING_SECONDS, Children, Ended
from runner.smoke.outcome import NOT_RUN, Result, not_run, read_log, read_result
from runner.smoke.purse import Purse, costs
from runner.smoke.suite import Member, Suite

CALM_SECONDS = 10.0
"""Between two tries of a run: what the one before it has done may still be in the windows in which SLOs are read."""
TRIES = 3


class Watcher(Protocol):
    """Is told how the set goes."""

    def begins(self, number: int, member: Member, allowed: float) -> None: ...

    def again(self, result: Result, seconds: float) -> None: ...

    def ended(self, result: Result) -> None: ...


@dataclass(frozen=True, slots=True)
class SetResult:
    """What came of a set. Times are seconds since the epoch, and seconds."""

    suite: Suite
    place: str
    started_at: float
    seconds: float
    results: tuple[Result, ...]
    purse: Purse
    stopped: str = ""
    """Why not all of them ran; empty where they did."""

    @property
    def status(self) -> Exit:
        """The exit status of the worst verdict. What was not run is not proven."""
        return worst(status_of(one) for one in self.results)


def status_of(result: Result) -> Exit:
    """The exit status of one result."""
    if result.stuck:
        return Exit.STUCK
    return Exit.INCONCLUSIVE if result.verdict == NOT_RUN else exit_of(result.verdict)


class SetRun:
    """Runs a set in one place. `environment` is that of the runs; journals and logs go into `directory`."""

    def __init__(
        self,
        suite: Suite,
        children: Children,
        environment: Mapping[str, str],
        directory: Path,
        watcher: Watcher,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._suite = suite
        self._children = children
        self._environment = environment
        self._directory = directory
        self._watcher = watcher
        self._clock = clock
        self._purse = Purse(suite.max_spend)
        self._stopped = ""
        self._broken = False
        self._due = 0.0

    def run(self, place: str) -> SetResult:
        """All of them in order, until one of them, the time or a signal stops the set."""
        started_at, started = time.time(), self._clock()
        self._due = started + self._suite.within
        results: list[Result] = []
        for number, member in enumerate(self._suite.members, 1):
            result = self._one(number, member)
            self._watcher.ended(result)
            results.append(result)
        seconds = self._clock() - started
        return SetResult(self._suite, place, started_at, seconds, tuple(results), self._purse, self._stopped)

    def _one(self, number: int, member: Member) -> Result:
        if not self._stopped and self._children.interrupted:
            self._stopped = "the set was interrupted"
        if not self._stopped and self._clock() >= self._due:
            self._stopped = f"the set's time, {self._suite.within:g} s, is over"
        if self._stopped:
            return not_run(member, self._stopped)
        if slo := self._purse.exhausted(member.slos):
            return not_run(member, f"the set has spent {self._purse.spent[slo]:.2%} of the error budget of {slo}")
        allowed = min(member.max_spend, self._purse.left(member.slos))
        self._watcher.begins(number, member, allowed)
        result = self._with_patience(number, member, allowed)
        if result.verdict == DIED:
            result = self._recovered(number, result)
        self._broken |= result.broke_something
        self._purse = self._purse.charged(
            costs(member.slos, result.spent, allowed, broke_something=result.broke_something)
        )
        if result.stuck:
            self._stopped = f"a fault of {member.name} is stuck: {'; '.join(result.stuck)}"
        return result

    def _with_patience(self, number: int, member: Member, allowed: float) -> Result:
        """A run that is refused has touched nothing; if runs before it broke something, it is asked for once more."""
        for attempt in range(1, TRIES + 1):
            result = self._attempt(number, member, allowed)
            last = attempt == TRIES or self._clock() + CALM_SECONDS >= self._due
            if result.verdict != Outcome.REFUSED or not self._broken or self._children.interrupted or last:
                return result
            self._watcher.again(result, CALM_SECONDS)
            self._children.pause(CALM_SECONDS)
        raise AssertionError  # pragma: no cover (the last try returns)

    def _attempt(self, number: int, member: Member, allowed: float) -> Result:
        name = f"{number:02}-{member.path.stem}"
        journal, log = self._directory / f"{name}.json", self._directory / f"{name}.log"
        journal.unlink(missing_ok=True)
        ended = self._child(("run", "--journal-path", str(journal), str(member.path)), member, allowed, log)
        result = read_result(member, journal, log, ended.status, ended.seconds)
        if ended.overdue:
            result = replace(result, reason=f"{result.reason} (ended, since the set's time was over)")
        return result

    def _recovered(self, number: int, result: Result) -> Result:
        """What a run that died has left is taken out, or the set ends."""
        log = self._directory / f"{number:02}-{result.member.path.stem}.recover.log"
        ended = self._children.run(
            ("recover", "--no-wait"),
            self._environment,
            log,
            ENDING_SECONDS,
            what="chaos recover",
            whatever_happens=True,
        )
        output = f"{result.output}\n{read_log(log)}"
        if ended.status == Exit.HELD:
            return replace(result, reason=f"{result.reason}; chaos recover has taken out what it left", output=output)
        reason = "chaos recover could not see to it that nothing is left (see its log)"
        return replace(result, reason=f"{result.reason}; {reason}", stuck=(reason,), output=output)

    def _child(self, arguments: tuple[str, ...], member: Member, allowed: float, log: Path) -> Ended:
        environment = {
            **member.defaults,
            **{key: value for key, value in self._environment.items() if key != PLAN_VARIABLE},
            MAX_SPEND_VARIABLE: f"{100 * allowed:.6g}%",
            "NO_COLOR": "1",
            "COLUMNS": "100",
        }
        return self._children.run(arguments, environment, log, max(self._due - self._clock(), 1.0), what=member.name)
