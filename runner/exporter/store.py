"""Reading the results store, again and again."""

import os
import time
from collections.abc import Mapping, Sequence

from runner.allowance.month import allowances, default_allowance, month_start, spending
from runner.exporter.results import Results, result_values
from runner.exporter.values import Bounds, Value
from runner.store.opening import open_store


def look(bounds: Bounds) -> Sequence[Value]:
    """What the store says now; what runs have spooled on this machine is taken in.

    Opened anew each time: a database that comes back, moves or is migrated is no special case. Raises StoreError.
    """
    now = time.time()
    with open_store() as store:
        runs, alerts = store.runs(), store.alert_proofs()
    month = spending(runs, month_start(now))
    watched = {slo for run in runs for slo in run.spent}
    return tuple(result_values(Results(runs, alerts, month, _allowances(frozenset(watched))), bounds))


def _allowances(names: frozenset[str]) -> Mapping[str, float]:
    """What SLOs of the catalogue declare, and what the environment says of all others."""
    from runner.experiment.slo_names import find_slos

    default = default_allowance(os.environ)
    known = allowances(find_slos(sorted(names)).slos, default)
    return known if default is None else {**dict.fromkeys(names, default), **known}
