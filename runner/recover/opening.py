"""The ledgers that may hold something to recover, opened with patience, each with connections of its own."""

from collections.abc import Callable
from typing import Self

from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from actions.ledger.open import reachable_ledgers
from actions.ledger.store import Ledger, LedgerError, TransientLedgerError
from actions.systems import Systems
from runner.recover.decisions import Rules, Scope
from runner.recover.once import PATIENCE_SECONDS, RecoverOnce, Report
from runner.recover.outcomes import Outcome
from runner.recover.recovery import Recovery


class Recoverable:
    """Every ledger that this process can reach, and what keeps it from others."""

    def __init__(self, progress: Callable[[str], None]) -> None:
        self._progress = progress
        self.systems = Systems()
        self.ledgers, self.problems = open_patiently(progress)

    @property
    def places(self) -> list[str]:
        """Where the ledgers are."""
        return [ledger.place for ledger in self.ledgers]

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


def open_patiently(progress: Callable[[str], None]) -> tuple[list[Ledger], list[LedgerError]]:
    """Those that open, and the problems that do not go away within some seconds."""

    def has_to_wait(opened: tuple[list[Ledger], list[LedgerError]]) -> bool:
        ledgers, problems = opened
        if not any(isinstance(problem, TransientLedgerError) for problem in problems):
            return False
        for ledger in ledgers:
            ledger.close()
        progress(f"{problems[0]}; asking again")
        return True

    attempts = Retrying(
        stop=stop_after_delay(PATIENCE_SECONDS), wait=wait_fixed(0.5), retry=retry_if_result(has_to_wait)
    )
    try:
        opened: tuple[list[Ledger], list[LedgerError]] = attempts(reachable_ledgers)
    except RetryError:
        return reachable_ledgers()
    return opened
