"""`chaos alerts test`."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from runner.cli.experiment_file import checked_experiment, variable_options
from runner.cli.slo.ending import fail
from runner.cli.slo.options import json_option
from runner.cli.slo.terminal import tell
from runner.exit_codes import Exit

if TYPE_CHECKING:
    from rich.console import RenderableType

    from runner.alerting.tried import TriedAlerts

_NAME = "chaos alerts test"
_DAY_SECONDS = 86_400.0
"""A run bounds itself; nothing is longer than that."""
_LAST_LINES = 20


@click.command()
@click.argument("file", metavar="EXPERIMENT", type=click.Path(exists=True, dir_okay=False))
@variable_options
@click.option(
    "--journal-path",
    "journal",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep the run's journal in this file.",
)
@json_option
def command(
    file: str, variables: tuple[str, ...], variable_files: tuple[str, ...], journal: Path | None, as_json: bool
) -> None:
    """Run an experiment, and tell the way of each alert that it expects: every stage, when, and where it was lost.

    It is `chaos run`, in a process of its own, with only what concerns the alerts told at its end. Times count from the
    fault; beside the time at which an alert fired is the one that the burn rate predicts. Ctrl-C ends the run in good
    order, with its faults taken out. What it would break: chaos plan EXPERIMENT.

    Exit status: 0 held; 1 breached: an alert was lost, late, or reached somebody else; 2 refused, or the file is wrong
    or expects no alert; 3 aborted; 4 inconclusive; 5 the run failed or died, or a fault is stuck and needs a person.

    \b
    Example: chaos alerts test experiments/alerts/features-path-down.yaml
             chaos alerts test experiments/alerts/blind-spot.yaml --json | jq .alerts
    """
    from runner.alerting.tried import read_tried
    from runner.cli.slo.page import Page
    from runner.smoke.children import Children

    title = _title(file, variables, variable_files)
    children = Children(tell)
    with children.taking_signals(), tempfile.TemporaryDirectory(prefix="mlchaos-alerts-") as directory:
        kept, log = journal or Path(directory) / "journal.json", Path(directory) / "log"
        kept.unlink(missing_ok=True)  # an older one must not be taken for this run's
        tell(f"{_NAME}: running {title!r}")
        arguments = ["run", "--journal-path", str(kept), *_given(variables, variable_files), file]
        ended = children.run(arguments, os.environ, log, _DAY_SECONDS, what=title)
        tried = read_tried(kept)
        if tried is None:
            _died(log, ended.status)
    if as_json:
        click.echo(json.dumps(_document(tried, file), indent=2))
    else:
        Page().print(*_page(tried, title))
    sys.exit(tried.status)


def _title(file: str, variables: Sequence[str], variable_files: Sequence[str]) -> str:
    """The title of an experiment that expects alerts; the command ends for any other."""
    from runner.experiment.guard_block import guard_blocks

    checked = checked_experiment(_NAME, file, variables, variable_files)
    blocks = [block for _, block in guard_blocks(checked.experiment)]
    if not any(block.get("alerts") for block in blocks):
        fail(
            _NAME,
            f"{file} expects no alert: say in the guard's block, under alerts, which must fire (see "
            "docs/alert-paths.md); nothing was touched",
            Exit.REFUSED,
        )
    return str(checked.experiment.get("title", file))


def _given(variables: Sequence[str], variable_files: Sequence[str]) -> Iterator[str]:
    for one in variables:
        yield from ("--var", one)
    for one in variable_files:
        yield from ("--var-file", one)


def _died(log: Path, status: int) -> NoReturn:
    from runner.smoke.outcome import read_log

    for line in read_log(log).splitlines()[-_LAST_LINES:]:
        tell(line)
    how = f"was killed by signal {-status}" if status < 0 else f"ended with exit status {status}"
    fail(_NAME, f"the run {how} and left no verdict; see: chaos recover --dry-run", Exit.STUCK)


def _page(tried: "TriedAlerts", title: str) -> "Iterator[RenderableType]":
    from rich.padding import Padding
    from rich.text import Text

    from runner.cli.slo.figures import printable
    from runner.render_alerts import render_alerts

    style = {"held": "bold green", "breached": "bold red", "error": "bold red"}.get(tried.verdict, "bold yellow")
    yield Text.assemble((tried.verdict.upper(), style), "  ", (printable(title), "bold"))
    yield Padding(Text(printable(tried.reason)), (0, 0, 0, 2))
    yield Text("")
    yield from render_alerts(tried.path)
    yield Text("")
    if tried.spent:
        yield Text("Budget spent: " + ", ".join(f"{name} {100 * share:.2g}%" for name, share in tried.spent.items()))
    for stuck in tried.stuck:
        yield Text(printable(f"STUCK: {stuck}"), style="bold red")
    for warning in tried.warnings:
        yield Text(printable(f"warning: {warning}"), style="yellow")
    yield Text(f"Run {tried.run_id}")


def _document(tried: "TriedAlerts", file: str) -> dict[str, object]:
    from dataclasses import asdict

    return {
        "experiment": file,
        "run_id": tried.run_id,
        "verdict": tried.verdict,
        "reason": tried.reason,
        "alerts": asdict(tried.path),
        "error_budget_spent": tried.spent,
        "stuck": list(tried.stuck),
        "warnings": list(tried.warnings),
    }
