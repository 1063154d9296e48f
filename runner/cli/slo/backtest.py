"""`chaos slo backtest`: what SLOs would have paged over recorded history."""

import json
import math
from pathlib import Path

import click

from runner.cli.slo.at_time import at_or_now
from runner.cli.slo.ending import fail
from runner.cli.slo.options import (
    at_option,
    files_argument,
    json_option,
    prometheus_option,
    time_scale_option,
    timeout_option,
)
from runner.cli.slo.prometheus import asked
from runner.exit_codes import Exit

_DAY = 86_400.0
_MOST_DAYS = 400.0


@click.command(name="backtest", short_help="What an SLO would have paged over recorded history.")
@files_argument
@click.option(
    "--days",
    type=click.FloatRange(min=0, max=_MOST_DAYS, min_open=True),
    default=28.0,
    show_default=True,
    help="How much history, until now or --at.",
)
@click.option(
    "--objective",
    "objectives",
    multiple=True,
    metavar="PERCENT",
    help="Try this objective beside the declared one: 99.5 for all SLOs, NAME=99.5 for one.",
)
@click.option(
    "--step", default="1m", show_default=True, metavar="DURATION", help="Resolution; 5m reads a fifth of the points."
)
@at_option
@time_scale_option
@json_option
@prometheus_option
@timeout_option
def command(
    files: tuple[Path, ...],
    days: float,
    objectives: tuple[str, ...],
    step: str,
    at: str | None,
    time_scale: float,
    as_json: bool,
    prometheus_url: str,
    timeout_seconds: float,
) -> None:
    """What the SLOs of FILES would have alerted on over recorded history, with their objectives and with others.

    Reads the series that the SLOs are about (not what rules have recorded, so SLOs that nobody has loaded yet can be
    tried), and evaluates the alert tiers at every step, as the rules of `chaos slo rules` would. Without FILES it is
    the catalogue. A time scale divides --days and --step, too. Alerts for absent data are not part of it.

    \b
    chaos slo backtest slos/llm.yaml --days 28
    chaos slo backtest slos/llm.yaml --objective 99.9 --objective llm-ttft=95 --step 5m

    Exit status: 0 the report was printed; 2 bad input; 4 no data at all, or Prometheus cannot be asked.
    """
    from runner.cli.slo.backtest_document import backtest_document
    from runner.cli.slo.loading import load_or_exit
    from runner.cli.slo.objectives import changed_objectives
    from runner.cli.slo.progress import Progress
    from runner.slo.backtest import MOST_TIME_SCALE, Span, StepError, query_count, try_slo
    from slos.duration import DurationError, parse_duration

    for option, number in (("--days", days), ("--time-scale", time_scale)):
        if math.isnan(number):
            raise click.BadParameter("nan is no number", param_hint=option)
    if time_scale > MOST_TIME_SCALE:
        raise click.BadParameter(f"{time_scale:g} is more than {MOST_TIME_SCALE:g}", param_hint="--time-scale")
    try:
        asked_for = Span(at_or_now(at), days * _DAY, parse_duration(step), time_scale)
    except (StepError, DurationError) as error:
        raise click.BadParameter(str(error), param_hint="--step") from error
    slos = load_or_exit(files).slos
    changed = changed_objectives(objectives, [slo.name for slo in slos])
    progress = Progress("chaos slo backtest: queries", query_count(slos, asked_for))
    with asked(prometheus_url, timeout_seconds, "chaos slo backtest") as prometheus:
        tried = [try_slo(prometheus, slo, asked_for, changed.get(slo.name), progress.step) for slo in slos]
    if not any(one.results for one in tried):
        nothing = (
            f"{prometheus.url} has no data of any of these SLOs in that time: is it the right one, and does it keep as "
            "much (chaos slo validate --prometheus says)?"
        )
        fail("chaos slo backtest", nothing, Exit.INCONCLUSIVE, backtest_document(tried, asked_for, prometheus.url))
    if as_json:
        click.echo(json.dumps(backtest_document(tried, asked_for, prometheus.url), indent=2, allow_nan=False))
    else:
        from runner.cli.slo.backtest_page import print_backtest

        print_backtest(tried, asked_for)
