"""The runs of the store as an on-call sees them beside a burn."""

from collections.abc import Sequence

from runner.runs.chaos import ChaosRun
from runner.store.opening import is_there, open_store
from runner.store.store import StoreError
from runner.store.values import RunRow


def stored_runs() -> tuple[Sequence[ChaosRun], tuple[str, ...]]:
    """Every run, oldest first, and what is not known of them, in words: a review goes on without."""
    if not is_there():
        return (), ()
    try:
        with open_store() as store:
            return [chaos_run(row, store.place) for row in reversed(store.runs())], tuple(store.warnings)
    except StoreError as error:
        return (), (f"chaos runs are not known: {error}",)


def chaos_run(row: RunRow, source: str) -> ChaosRun:
    """A run of a list; `source` is the store that it is in."""
    return ChaosRun(
        row.run_id,
        row.title,
        row.started_at,
        row.ended_at,
        row.verdict,
        row.faults,
        source,
        spent=row.spent,
        limits=row.limits,
        dry=row.dry,
    )
