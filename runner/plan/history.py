"""What the last runs of an experiment cost, out of the results store."""

from collections.abc import Callable, Mapping, Sequence

from runner.plan.model import Spend
from slos.model import Slo

LAST_RUNS = 5
"""How many runs say what to expect: enough for a median, few enough to be of the system as it is now."""
_AMONG = 100
"""Of so many runs whose title has the one that is looked for in it."""

Past = Callable[[str], Sequence[Mapping[str, float]]]
"""Gives what the last runs of a title, whatever came of them, have spent of each SLO's error budget, oldest first."""


def nothing_past(_title: str) -> Sequence[Mapping[str, float]]:
    """For whoever does not ask: opening a store takes longer than all else of a plan."""
    return ()


def stored_past(title: str) -> Sequence[Mapping[str, float]]:
    """The same from the store; nothing where there is none yet. Raises StoreError."""
    from runner.store.opening import is_there, open_store
    from runner.store.values import RunFilter

    if not is_there():
        return ()
    with open_store() as store:
        rows = store.runs(RunFilter(experiment=title, limit=_AMONG))
    return [row.spent for row in reversed(rows) if row.title == title and row.spent]


def spends(slos: Sequence[Slo], most: float, past: Sequence[Mapping[str, float]]) -> tuple[Spend, ...]:
    """For each SLO the most that a run may spend, and what the last ones did."""
    return tuple(
        Spend(slo.name, most, tuple(spent[slo.name] for spent in past if slo.name in spent)[-LAST_RUNS:])
        for slo in slos
    )
