"""`chaos recover`: take out what runs have left behind."""

from __future__ import annotations

import json
import logging
import sys
from typing import TYPE_CHECKING, NoReturn

import click

from runner.cli.orderly import orderly
from runner.cli.slo.ending import fail
from runner.cli.slo.terminal import tell
from runner.exit_codes import Exit

if TYPE_CHECKING:
    from runner.recover.once import Report
    from runner.recover.opening import Recoverable
    from runner.recover.outcomes import Outcome


@click.command(
    cls=orderly("chaos recover", "faults may be left in the ledger; it can be run again"),
    short_help="Take out the faults that runs have left behind.",
)
@click.option("--run", "run_id", metavar="ID", default="", help="All faults of this run, whether it lives or not.")
@click.option(
    "--expired", is_flag=True, help="The faults that are past their expiry or whose run is dead (the default)."
)
@click.option("--all", "everything", is_flag=True, help="Every fault, also of runs that live.")
@click.option("--dry-run", is_flag=True, help="Say what there is and what would be done; touch nothing.")
@click.option(
    "--no-wait", is_flag=True, help="Leave the second look at what is undone to the reaper or the next recover."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def recover(run_id: str, expired: bool, everything: bool, dry_run: bool, no_wait: bool, as_json: bool) -> None:
    """Take out the faults that runs have left behind, each one seen to be gone.

    Without an option it takes out what has expired, or whose run is dead (no heartbeat for 5 s), and leaves living runs
    alone. What a dead run had in flight may land late: so each fault is looked at once more after 30 s, and only then
    forgotten. Every step may be interrupted and repeated.

    \b
    chaos recover --dry-run          what is there, and what would be done
    chaos recover                    take out what should not be there any more
    chaos recover --run 20261122T163800Z-ab12cd

    To stop runs that live, use `chaos halt`. The ledger is the cluster's (KUBECONFIG, MLCHAOS_NAMESPACE) and the file
    on this machine (MLCHAOS_STATE_DIR); MLCHAOS_LEDGER=kubernetes|local asks only that one.

    Exit status: 0 nothing is left that should be out; 2 bad input, or a run that nobody knows; 4 a ledger could not be
    read, or there was none to ask, so there may be faults; 5 a fault is stuck and needs a person.
    """
    if (bool(run_id), expired, everything).count(True) > 1:
        raise click.UsageError("choose one of --run, --expired and --all")
    from runner.cli.recover_page import Asked, document, print_page
    from runner.recover.decisions import Scope
    from runner.recover.opening import Recoverable

    # That a fault is out is told here; what the undo warns of is told by its logger.
    logging.getLogger("chaostoolkit").setLevel(logging.WARNING)
    with Recoverable(_progress) as recoverable:
        try:
            report = recoverable.recover(Scope(run_id, everything), _tell, dry=dry_run, verify=not no_wait)
        except KeyboardInterrupt:
            _progress("interrupted: what is not done yet is still in the ledger; run it again")
            raise
        asked = Asked(tuple(recoverable.places), tuple(recoverable.unread(report)), recoverable.no_cluster)
        nothing = not any(report.left.values()) and not report.outcomes
        if run_id and nothing and not report.unseen and not asked.nobody and not _was_a_run(run_id):
            _refuse_unknown(run_id, recoverable)
    if as_json:
        click.echo(json.dumps(document(report, asked, dry=dry_run), indent=2))
    else:
        print_page(report, asked, dry=dry_run, run_id=run_id)
    for problem in report.unseen:
        tell(f"chaos recover: {problem}")
    sys.exit(Exit.INCONCLUSIVE if asked.nobody else _status(report))


def _was_a_run(run_id: str) -> bool:
    """Is it in the results store? Then it has left nothing, or nothing any more."""
    from runner.store.opening import is_there, open_store
    from runner.store.store import StoreError

    if not is_there():
        return False
    try:
        with open_store() as store:
            return store.run(run_id).run_id == run_id
    except StoreError:  # or it is not in it
        return False


def _refuse_unknown(run_id: str, recoverable: Recoverable) -> NoReturn:
    """A slip of the pen must not look like a run that left nothing."""
    from actions.ledger.store import LedgerError

    try:
        others = ", ".join(recoverable.runs()) or "none"
    except LedgerError as error:
        fail("chaos recover", str(error), Exit.INCONCLUSIVE)
    unasked = "; no cluster was asked (KUBECONFIG is not set)" if recoverable.no_cluster else ""
    fail("chaos recover", f"no run {run_id!r} has faults in the ledger; there are: {others}{unasked}", Exit.REFUSED)


def _progress(text: str) -> None:
    tell(f"  {text}")


def _tell(outcome: Outcome) -> None:
    if outcome.result in ("undone", "stuck"):
        record = outcome.record
        problem = f": {outcome.problem}" if outcome.problem else ""
        _progress(f"{outcome.result}: {record.fault} on {record.target}, run {record.run} ({outcome.why}){problem}")


def _status(report: Report) -> Exit:
    if report.stuck:
        return Exit.STUCK
    return Exit.INCONCLUSIVE if report.unseen else Exit.HELD
