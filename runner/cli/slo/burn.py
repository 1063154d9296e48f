"""`chaos slo burn`: what spent an SLO's budget."""

from pathlib import Path

import click

from runner.cli.slo.at_time import at_or_now
from runner.cli.slo.ending import fail
from runner.cli.slo.options import at_option, json_option, prometheus_option, timeout_option
from runner.cli.slo.terminal import tell
from runner.exit_codes import Exit
from runner.runs.chaos import ChaosRun


@click.command(name="burn", short_help="One SLO's budget: how it was spent, when, and by what.")
@click.argument("name")
@at_option
@click.option("--top", type=click.IntRange(min=1), default=5, show_default=True, help="Burns to tell one by one.")
@click.option(
    "--journal",
    "journals",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A journal of Chaos Toolkit from another machine; may be given several times.",
)
@json_option
@prometheus_option
@timeout_option
def command(
    name: str,
    at: str | None,
    top: int,
    journals: tuple[Path, ...],
    as_json: bool,
    prometheus_url: str,
    timeout_seconds: float,
) -> None:
    """How the SLO NAME stands, what spent its budget, and how much of it chaos runs did in its window and this month.

    A burn is a stretch of time in which more events were bad than the objective allows. It is read from what the rules
    of `chaos slo rules` have recorded, in slices of 5 m. Chaos runs are those of the results store (MLCHAOS_STORE;
    by default what this machine has run), and those of the journals given.

    \b
    chaos slo burn llm-availability
    chaos slo burn llm-availability --at 2026-11-22T03:00:00Z --top 10

    Exit status: 0 the page was printed; 2 bad input; 4 no data.
    """
    moment = at_or_now(at)
    runs, warnings = _chaos_runs(journals)
    for warning in warnings:
        tell(f"chaos slo burn: warning: {warning}")

    from runner.cli.slo.prometheus import asked, told_while_waiting
    from runner.slo.review import NothingToReviewError, beside, read_review

    try:
        with (
            asked(prometheus_url, timeout_seconds, "chaos slo burn") as prometheus,
            told_while_waiting(prometheus.url),
        ):
            found = read_review(prometheus, name, moment)
    except NothingToReviewError as error:
        fail("chaos slo burn", str(error), Exit.INCONCLUSIVE)

    from runner.slo.attribution import attribute

    coincidences = beside(found, runs)
    chaos = attribute(found, runs, _allowed(name))
    if as_json:
        from runner.cli.slo.burn_document import burn_document

        click.echo(burn_document(found, coincidences, chaos, prometheus.url))
        return
    from runner.cli.slo.burn_chaos import chaos_spending
    from runner.cli.slo.burn_page import burn_page
    from runner.cli.slo.page import Page

    page = Page()
    page.print(
        *burn_page(found, coincidences, top, page.width, page.unicode),
        "",
        *chaos_spending(chaos, found.status.window, top),
    )


def _allowed(name: str) -> float | None:
    """What chaos runs may spend of that SLO in a month, as the catalogue or the environment says."""
    import os

    from runner.allowance.month import allowances, default_allowance
    from runner.experiment.slo_names import find_slos
    from slos.allowance import AllowanceError

    try:
        default = default_allowance(os.environ)
    except AllowanceError as error:
        tell(f"chaos slo burn: warning: {error}")
        default = None
    return allowances(find_slos([name]).slos, default).get(name, default)


def _chaos_runs(journals: tuple[Path, ...]) -> tuple[list[ChaosRun], tuple[str, ...]]:
    """The runs of the store and of the journals, each once; exits with 2 when a file is no journal."""
    from runner.runs.journals import JournalError, read_journal
    from runner.store.beside import stored_runs

    stored, warnings = stored_runs()
    try:
        told = [read_journal(path) for path in journals]
    except JournalError as error:
        fail("chaos slo burn", str(error), Exit.REFUSED)
    return list({run.run_id: run for run in (*stored, *told)}.values()), warnings
