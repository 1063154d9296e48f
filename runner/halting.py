"""Stopping every run: the halt is written into each ledger, and then it is watched that the faults come out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential

from actions.ledger.record import Halt, Record
from actions.ledger.store import Ledger, LedgerError, TransientLedgerError
from actions.ledger.takeover import Clock

T = TypeVar("T")

PATIENCE_SECONDS = 10.0
"""How long a ledger that does not answer is asked again."""
LOOK_EVERY_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Standing:
    """The runs that have not ended, the faults that are in, and what of the ledgers cannot be read."""

    runs: frozenset[str]
    left: tuple[Record, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Halted:
    """What came of a halt. `seconds`: until the faults were out, or until we stopped waiting."""

    runs: tuple[str, ...]
    left: tuple[Record, ...]
    seconds: float
    problems: tuple[str, ...] = ()


def standing(ledgers: Sequence[Ledger]) -> Standing:
    """What there is now. Raises LedgerError."""
    runs: set[str] = set()
    left: list[Record] = []
    problems: list[str] = []
    for ledger in ledgers:
        contents = _patiently(ledger.contents)
        runs |= {beat.run for beat in _patiently(ledger.heartbeats)} | {record.run for record in contents.records}
        left += [record for record in contents.records if record.state != "undone"]
        problems += contents.problems
    return Standing(frozenset(runs), tuple(left), tuple(problems))


def halted_before(ledgers: Sequence[Ledger]) -> Halt | None:
    """The halt in force, if any. Raises LedgerError."""
    return next((halt for ledger in ledgers if (halt := _patiently(ledger.halted))), None)


def halt_all(
    ledgers: Sequence[Ledger], halt: Halt, wait_seconds: float, progress: Callable[[str], None], clock: Clock
) -> Halted:
    """Halt, and wait until no fault is in. One that is stuck is not waited for: no run takes it out any more.

    Raises LedgerError when a ledger does not take the halt; the others have it then.
    """
    started = clock.monotonic()
    problems = [problem for ledger in ledgers if (problem := _write_halt(ledger, halt))]
    if problems:
        raise problems[0]
    now = standing(ledgers)
    runs = now.runs
    while _waiting_for(now) and clock.monotonic() - started < wait_seconds:
        progress(f"halted; waiting up to {wait_seconds:g} s for {_faults(_waiting_for(now))} to come out")
        clock.sleep(LOOK_EVERY_SECONDS)
        now = standing(ledgers)
        runs |= now.runs
    return Halted(tuple(sorted(runs)), now.left, clock.monotonic() - started, now.problems)


def resume_all(ledgers: Sequence[Ledger]) -> list[Halt]:
    """Lift the halt; what was lifted. Raises LedgerError."""
    lifted = [_patiently(ledger.resume) for ledger in ledgers]
    return [halt for halt in lifted if halt]


def _faults(number: int) -> str:
    return f"{number} fault{'' if number == 1 else 's'}"


def _waiting_for(now: Standing) -> int:
    return sum(record.state != "stuck" for record in now.left)


def _write_halt(ledger: Ledger, halt: Halt) -> LedgerError | None:
    try:
        _patiently(lambda: ledger.halt(halt))
    except LedgerError as error:
        return error
    return None


def _patiently(call: Callable[[], T]) -> T:
    attempts = Retrying(
        stop=stop_after_delay(PATIENCE_SECONDS),
        wait=wait_exponential(multiplier=0.05, max=0.5),
        retry=retry_if_exception_type(TransientLedgerError),
        reraise=True,
    )
    answer: T = attempts(call)
    return answer
