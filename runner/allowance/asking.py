"""Asking the results store how the month's allowance stands. What is not known lets no run in.

The store is imported and opened only where an allowance is set: without one, admission asks nobody.
"""

import os
import time
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from clients.deadline import within
from runner.allowance.month import Allowance, Spending, allowances, default_allowance, month_start, spending, standing
from slos.allowance import AllowanceError
from slos.model import Slo

TIMEOUT_SECONDS = 10.0
"""Opening a database that is far away takes a while; no run waits longer."""
_DAY_SECONDS = 86_400.0
_NOT_RECORDED = (
    "this run could not be written down, and what it spends would count for nobody: set MLCHAOS_STATE_DIR to a "
    "directory that can be written, or make its `spool` writable for who runs this"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """How the allowances stand, and why that is not known, if it is not. `asked` is the store, where it was asked."""

    allowances: Sequence[Allowance] = ()
    unknown: str = ""
    wrong: str = ""
    """What is set and is no allowance."""
    asked: str = ""

    @property
    def refused(self) -> tuple[str, ...]:
        """What speaks against the run for good."""
        exceeded = tuple(one.reason for one in self.allowances if one.exceeded)
        return (*((self.wrong,) if self.wrong else ()), *exceeded)


def ask(slos: Sequence[Slo], max_spend: float, run_id: str = "", environment: Mapping[str, str] = os.environ) -> Answer:
    """How the month stands before a run that may spend `max_spend` of each SLO's budget. Never raises.

    `run_id` is that run, if it begins now: then the store has to know it already with all that it may spend, or it
    would count for nobody who asks after it.
    """
    try:
        allowed = allowances(slos, default_allowance(environment))
    except AllowanceError as error:
        return Answer(wrong=str(error))
    if not allowed:
        return Answer()
    try:
        place, spent = within(TIMEOUT_SECONDS, lambda: _spent(run_id, set(allowed)))
    except Exception as error:  # noqa: BLE001 (whatever keeps us from knowing)
        why = f"no answer within {TIMEOUT_SECONDS:g} s" if isinstance(error, TimeoutError) else str(error)
        return Answer(unknown=f"what chaos runs have spent this month is not known: {why}")
    return Answer(standing(allowed, spent, max_spend), asked=place)


def _spent(run_id: str, slos: AbstractSet[str]) -> tuple[str, Mapping[str, Spending]]:
    from runner.store.opening import is_there, open_store
    from runner.store.values import RunFilter

    if not is_there():
        if run_id:
            raise IncompleteStoreError(_NOT_RECORDED)
        return "no results store, since nothing has run here", {}
    month = month_start(time.time())
    with open_store() as store:
        if store.warnings:
            raise IncompleteStoreError("; ".join(store.warnings))
        runs = store.runs(RunFilter(since=month - _DAY_SECONDS))  # this run may have begun in the month before
        if run_id and not any(run.run_id == run_id and slos <= run.limits.keys() for run in runs):
            raise IncompleteStoreError(_NOT_RECORDED)
        return store.place, spending((run for run in runs if run.run_id != run_id), month)


class IncompleteStoreError(Exception):
    """The store does not have all runs of this machine."""
