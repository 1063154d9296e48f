"""`chaos slo check`."""

import json
import math
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import click

from runner.cli.slo.at_time import at_or_now
from runner.cli.slo.choice import choice_options, choose, nothing_recorded, read_chosen
from runner.cli.slo.ending import fail
from runner.cli.slo.figures import moment, printable, span
from runner.cli.slo.options import at_option, json_option, prometheus_option, timeout_option
from runner.cli.slo.prometheus import asked, told_while_waiting
from runner.cli.slo.status_document import status_document
from runner.cli.slo.terminal import say
from runner.exit_codes import Exit
from slos.budget.gate import Limits, Outcome, Verdict, verdict, whole
from slos.budget.status import SloStatus
from slos.duration import DurationError, format_duration, parse_duration
from slos.model import CalendarUnit
from slos.tiers import ALERT_WINDOWS

_EXITS: dict[Outcome, Exit] = {"good": Exit.HELD, "breached": Exit.BREACHED, "unknown": Exit.INCONCLUSIVE}
_PERCENT = re.compile(r"([0-9]+(?:\.[0-9]+)?)(%?)")


@click.command()
@choice_options
@click.option("--all", "everything", is_flag=True, help="Every SLO that Prometheus records.")
@click.option("--budget-left", metavar="PERCENT", help="At least this much of the budget must be left: 50% or 50.")
@click.option(
    "--burn-below",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="The burn rate over --window must be below this.",
)
@click.option("--window", metavar="W", help="The window of --burn-below.  [default: 1h]")
@at_option
@json_option
@prometheus_option
@timeout_option
def command(
    names: tuple[str, ...],
    service: str | None,
    files: tuple[Path, ...],
    everything: bool,
    budget_left: str | None,
    burn_below: float | None,
    window: str | None,
    at: str | None,
    as_json: bool,
    prometheus_url: str,
    timeout_seconds: float,
) -> None:
    """Gate on SLOs: pass, in silence, only when every one of them is known to be good.

    Burning and exhausted SLOs do not pass, nor do those that miss a limit given; unknown never passes. Exit status: 0
    all good, 1 one is breached, 2 bad usage, 4 none is known to be breached and one is unknown, or Prometheus cannot be
    asked.

    \b
    Example: chaos slo check llm-availability llm-ttft
             chaos slo check --service llm --budget-left 50%
             chaos slo check --file slos/catalog --burn-below 1 --window 6h
    """
    if not (names or files or service is not None or everything):
        raise click.UsageError("name the SLOs to check, or give --service, --file or --all")
    if everything and (names or files or service is not None):
        raise click.UsageError("--all is every SLO: leave it away, or the rest")
    limits = _limits(budget_left, burn_below, window)
    choice = choose(names, service, files)
    looked_at = at_or_now(at)
    with asked(prometheus_url, timeout_seconds, "chaos slo check") as prometheus, told_while_waiting(prometheus.url):
        statuses = read_chosen(prometheus, looked_at, choice, at is not None)
    _refuse_strange_window(limits, statuses)
    verdicts = [verdict(status, limits) for status in statuses]
    outcome = whole(verdicts)
    document = _document(verdicts, outcome, looked_at, prometheus.url)
    if not any(status.recorded for status in statuses):
        nothing = printable(nothing_recorded(prometheus.url, choice, statuses, at is not None))
        fail("chaos slo check", nothing, Exit.INCONCLUSIVE, document)
    if as_json:
        click.echo(json.dumps(document, indent=2))
    else:
        for one in verdicts:
            if one.outcome != "good":
                say(printable(_line(one, looked_at)))
    sys.exit(_EXITS[outcome])


def _limits(budget_left: str | None, burn_below: float | None, window: str | None) -> Limits:
    if window is not None and burn_below is None:
        raise click.UsageError("--window is that of --burn-below: give that, too")
    if burn_below is not None and not math.isfinite(burn_below):
        raise click.BadParameter(f"{burn_below} is no limit: write a number such as 1", param_hint="--burn-below")
    return Limits(
        budget_left=None if budget_left is None else _ratio(budget_left),
        burn_below=burn_below,
        window="1h" if window is None else _label(window),
    )


def _ratio(text: str) -> float:
    match = _PERCENT.fullmatch(text)
    if match is None or float(match[1]) > 100:
        raise click.BadParameter(
            f"{text!r} is no percentage from 0% to 100%: write it like 50%", param_hint="--budget-left"
        )
    number = float(match[1])
    if not match[2] and 0 < number <= 1:
        raise click.BadParameter(
            f"{text} may be {100 * number:g}% or {number:g}%: write which", param_hint="--budget-left"
        )
    return number / 100


def _label(window: str) -> str:
    """The label of a window, however its duration is written."""
    if window in get_args(CalendarUnit):
        return window
    try:
        return format_duration(parse_duration(window))
    except DurationError as error:
        raise click.BadParameter(str(error), param_hint="--window") from error


def _refuse_strange_window(limits: Limits, statuses: Sequence[SloStatus]) -> None:
    """A window that none of the SLOs records was mistyped: it is no reading that is missing."""
    usual = [format_duration(seconds) for seconds in ALERT_WINDOWS]
    recorded = {label for status in statuses for label in status.burn}
    if limits.burn_below is not None and limits.window not in recorded.union(usual) and recorded:
        own = sorted(recorded - set(usual))
        raise click.BadParameter(
            f"no burn rate is recorded over {limits.window}: choose from {', '.join((*usual, *own))}",
            param_hint="--window",
        )


def _line(one: Verdict, at: float) -> str:
    status = one.status
    read = "no reading" if status.read_at is None else _read_at(status.read_at, at)
    return f"{status.name}: {one.outcome}: {'; '.join(one.reasons)} ({read})"


def _read_at(read_at: float, at: float) -> str:
    return f"read {moment(read_at, seconds=True)} UTC, {span(at - read_at)} before"


def _document(verdicts: Sequence[Verdict], outcome: Outcome, at: float, url: str) -> dict[str, Any]:
    slos = [
        {
            "slo": one.status.name,
            "outcome": one.outcome,
            "why": list(one.reasons),
            "status": status_document(one.status),
        }
        for one in verdicts
    ]
    return {"at": at, "prometheus": url, "outcome": outcome, "slos": slos}
