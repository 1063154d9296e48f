"""Asking the results store how the month's allowance stands. What is not known lets no run in.

The store is imported and opened only where an allowance is set: without one, admission asks nobody.
"""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clients.deadline import within
from runner.allowance.month import Allowance, Spending, allowances, default_allowance, month_start, spending, standing
from slos.allowance import AllowanceError
from slos.model import Slo

TIMEOUT_SECONDS = 10.0
"""Opening a database that is far away takes a while; no run waits longer."""


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

    `run_id` is that run, if the store may know it already.
    """
    try:
        allowed = allowances(slos, default_allowance(environment))
    except AllowanceError as error:
        return Answer(wrong=str(error))
    if not allowed:
        return Answer()
    try:
        place, spent = within(TIMEOUT_SECONDS, lambda: _spent(run_id))
    except Exception as error:  # noqa: BLE001 (whatever keeps us from knowing)
        why = f"no answer within {TIMEOUT_SECONDS:g} s" if isinstance(error, TimeoutError) else str(error)
        return Answer(unknown=f"what chaos runs have spent this month is not known: {why}")
    return Answer(standing(allowed, spent, max_spend), asked=place)


def _spent(run_id: str) -> tuple[str, Mapping[str, Spending]]:
    from runner.store.opening import is_there, open_store
    from runner.store.values import RunFilter

    if not is_there():
        return "no results store, since nothing has run here", {}
    month = month_start(time.time())
    with open_store() as store:
        if store.warnings:
            raise IncompleteStoreError("; ".join(store.warnings))
        return store.place, spending((run for run in store.runs(RunFilter(since=month)) if run.run_id != run_id), month)


class IncompleteStoreError(Exception):
    """The store does not have all runs of this machine."""
