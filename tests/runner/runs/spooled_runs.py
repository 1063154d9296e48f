"""Runs that have spooled in the state directory of a test, as the guard does it."""

from collections.abc import Mapping

from runner.runs.spool import Beginning, Ending, Spool


def spool_run(
    run_id: str,
    title: str,
    at: float,
    *,
    ended_at: float | None = None,
    verdict: str = "held",
    spent: Mapping[str, float] | None = None,
) -> None:
    """A run of this very process with one fault; it goes on unless it `ended_at`."""
    spool = Spool(run_id)
    spool.began(Beginning(run_id, title, at, dry=False))
    if ended_at is not None:
        spool.ended(Ending(ended_at, verdict, "", 1, spent or {}))
    spool.close()
