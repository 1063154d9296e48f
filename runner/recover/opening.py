"""The ledgers that may hold something to recover, opened with patience, each with connections of its own."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tenacity import RetryCallState, RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from actions.ledger.in_file import InFile
from actions.ledger.open import chosen_place, no_cluster_is_asked, reachable_ledgers
from actions.ledger.store import Ledger, LedgerError, TransientLedgerError
from actions.systems import Systems
from runner.recover.decisions import Rules, Scope
from runner.recover.once import PATIENCE_SECONDS, RecoverOnce, Report
from runner.recover.outcomes import Outcome
from runner.recover.recovery import Recovery

TELL_EVERY_SECONDS = 5.0
"""How often it is said that there is still no answer."""

Opened = tuple[list[Ledger], list[LedgerError]]


class Recoverable:
    """Every ledger that this process can reach, and what keeps it from others."""

    def __init__(self, progress: Callable[[str], None]) -> None:
        self._progress = progress
        self.systems = Systems()
        self.ledgers, self.problems = open_patiently(progress)
        self.no_cluster = no_cluster_is_asked()
        """Nobody named a cluster, so nothing is known of the faults there."""

    @property
    def places(self) -> list[str]:
        """Where the ledgers are."""
        return [ledger.place for ledger in self.ledgers]

    def unread(self, report: Report) -> list[str]:
        """Which ledgers could not be opened, or not be read, in words."""
        unread = [place for place in self.places if place not in report.left]
        return [*_unopened(self.ledgers, self.problems), *unread]

    def runs(self) -> list[str]:
        """The runs that have left records. Raises LedgerError."""
        return sorted({record.run for ledger in self.ledgers for record in ledger.contents().records})

    def recover(
        self,
        scope: Scope,
        tell: Callable[[Outcome], None],
        *,
        dry: bool = False,
        verify: bool = True,
        rules: Rules | None = None,
    ) -> Report:
        """Recover all of them once."""
        recoveries = [Recovery(ledger, self.systems, rules) for ledger in self.ledgers]
        report = RecoverOnce(recoveries, scope, tell, self._progress, dry=dry, verify=verify).run()
        report.problems[:0] = [str(problem) for problem in self.problems]
        return report

    def close(self) -> None:
        for ledger in self.ledgers:
            ledger.close()
        self.systems.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(slots=True)
class Telling:
    """What is said while a ledger does not answer: why once, and then from time to time how long already."""

    told_at: float | None = None
    """Seconds since the first request."""

    def words(self, problem: str, waited: float) -> str:
        """What to say after so many seconds; empty for nothing."""
        if self.told_at is not None and waited - self.told_at < TELL_EVERY_SECONDS:
            return ""
        first, self.told_at = self.told_at is None, waited
        if first:
            return f"{problem}; asking again for up to {PATIENCE_SECONDS:g} s"
        return f"still no answer ({waited:.0f} s of {PATIENCE_SECONDS:g} s)"


def open_patiently(progress: Callable[[str], None]) -> Opened:
    """Those that open, and the problems that do not go away within some seconds."""
    telling = Telling()

    def has_to_wait(opened: Opened) -> bool:
        ledgers, problems = opened
        if not any(isinstance(problem, TransientLedgerError) for problem in problems):
            return False
        for ledger in ledgers:
            ledger.close()
        return True

    def say(state: RetryCallState) -> None:
        if state.outcome is not None and (
            words := telling.words(str(state.outcome.result()[1][0]), state.seconds_since_start or 0.0)
        ):
            progress(words)

    attempts = Retrying(
        stop=stop_after_delay(PATIENCE_SECONDS),
        wait=wait_fixed(0.5),
        retry=retry_if_result(has_to_wait),
        before_sleep=say,
    )
    try:
        opened: Opened = attempts(reachable_ledgers)
    except RetryError:
        return reachable_ledgers()
    return opened


def _unopened(ledgers: Sequence[Ledger], problems: Sequence[LedgerError]) -> list[str]:
    if not problems:
        return []
    try:
        place = chosen_place(os.environ, Path.home())
    except (LedgerError, RuntimeError):
        return ["the ledger"]
    missing = []
    if place == "kubernetes" and all(isinstance(ledger, InFile) for ledger in ledgers):
        missing.append("the cluster's ledger")
    if len(problems) > len(missing):
        missing.append("the local ledger")
    return missing
