"""`chaos report`: a run on a page, for whoever was not there."""

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli.expired_notice import offer_recovery
from runner.cli.orderly import orderly
from runner.cli.slo.ending import fail
from runner.cli.slo.options import json_option
from runner.cli.slo.terminal import tell
from runner.exit_codes import Exit

if TYPE_CHECKING:
    from runner.report.model import Report

_NAME = "chaos report"
_FORMATS = ("html", "junit", "markdown", "json")
_SUFFIXES = {
    ".html": "html", ".htm": "html", ".xml": "junit", ".md": "markdown", ".markdown": "markdown", ".json": "json",
}  # fmt: skip


@click.command(cls=orderly(_NAME, "no report was made"), short_help="A run on a page: HTML, Markdown, JUnit XML, JSON.")
@click.argument("run_id", metavar="RUN")
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    help="html: one page that needs nothing else. markdown: for the summary of a CI job. junit: for its list of tests. "
    "json: for machines. By default what the name of --output ends with (.html, .md, .xml, .json), else html.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file, which is replaced as a whole, instead of standard output.",
)
@json_option
def report(run_id: str, form: str | None, output: Path | None, as_json: bool) -> None:
    """Report on RUN: the verdict first, then what happened when, what it cost, what was broken and what to do next.

    RUN is a run's id, a beginning of it that no other has, or `latest`. Runs are read from the results store
    (MLCHAOS_STORE); one that died or still goes on has a report, too.

    \b
    chaos report latest --output report.html
    chaos report latest --format markdown >> "$GITHUB_STEP_SUMMARY"
    chaos report 20261122T1638 --output junit.xml

    Exit status: 0 the report was made, however the run ended; 2 there is no such run, or the file cannot be written;
    4 the store cannot be read.
    """
    if as_json and form not in (None, "json"):
        fail(_NAME, f"--json and --format {form} are two forms: give one of both", Exit.REFUSED)
    chosen = _chosen("json" if as_json else form, output)
    if chosen == "html" and output is None and _on_a_terminal():
        remedy = "give --output report.html, or --format markdown to read it here"
        fail(_NAME, f"a page is nothing for a terminal: {remedy}", Exit.REFUSED)
    offer_recovery()
    text = _forms()[chosen](_report(run_id))
    if output is None:
        click.echo(text.encode().removesuffix(b"\n"))  # pages are UTF-8 and say so, whatever the terminal is
    else:
        _write(output, text)


def _chosen(asked: str | None, output: Path | None) -> str:
    """The form that was asked for, or that the file's name tells. Exits with 2 where both are and differ."""
    if asked == "json":
        click.get_current_context().params["as_json"] = True  # so that what fails is told in the same form
    told = None if output is None else _SUFFIXES.get(output.suffix.lower())
    if asked and told and asked != told:
        remedy = "leave --format out, or rename the file"
        fail(_NAME, f"{output} is by its name {told}, and {asked} is asked for: {remedy}", Exit.REFUSED)
    return asked or told or "html"


def _on_a_terminal() -> bool:
    return sys.stdout.isatty()


def _report(run_id: str) -> "Report":
    from runner.cli.runs.opened import opened
    from runner.report.make import report_of

    with opened(_NAME) as store:
        record = store.run(run_id)
    return report_of(record, time.time())


def _forms() -> "Mapping[str, Callable[[Report], str]]":
    from runner.report.cases import junit
    from runner.report.document import as_json
    from runner.report.html import html
    from runner.report.markdown import markdown

    return {"html": html, "junit": junit, "markdown": markdown, "json": as_json}


def _write(output: Path, text: str) -> None:
    from runner.atomic_file import write_atomically

    try:
        write_atomically(output, text if text.endswith("\n") else f"{text}\n")
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        fail(_NAME, f"{output} cannot be written: {why}; name a file in a directory that is there", Exit.REFUSED)
    tell(f"{_NAME}: wrote {output}")
