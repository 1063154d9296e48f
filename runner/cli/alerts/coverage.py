"""`chaos alerts coverage`."""

import json
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from runner.cli.slo.ending import fail
from runner.cli.slo.options import json_option, prometheus_option, timeout_option
from runner.cli.slo.prometheus import asked, told_while_waiting
from runner.exit_codes import Exit
from slos.duration import DurationError, parse_duration

if TYPE_CHECKING:
    from runner.store.values import AlertProof

_NAME = "chaos alerts coverage"


@click.command()
@click.option("--severity", default="page", show_default=True, help="The severity label of the alerts that matter.")
@click.option("--max-age", metavar="DURATION", help="What was proven longer ago, such as 30d, has to be proven again.")
@click.option("--check", is_flag=True, help="Exit 1 unless every alert is proven.")
@json_option
@prometheus_option
@timeout_option
def command(
    severity: str, max_age: str | None, check: bool, as_json: bool, prometheus_url: str, timeout_seconds: float
) -> None:
    """Every alerting rule of a severity that Prometheus has loaded, against the runs that proved it.

    A run proves an alert when it saw it go all the way: fired in time, reached its receiver, resolved. Runs that wanted
    it muted prove nothing of that. What proved an alert once and was lost by a later run, or has no rule any more,
    comes first. The runs are those of the results store (MLCHAOS_STORE).

    Exit status: 0 when it could be told (with --check: every alert is proven), 1 with --check when one is not, 2 for
    bad usage, 4 when Prometheus or the store cannot be asked, or there is no such rule.

    \b
    Example: chaos alerts coverage
             chaos alerts coverage --check --max-age 30d
    """
    from clients.prometheus_alerts import PrometheusAlerts
    from runner.alerting.coverage import cover
    from runner.cli.alerts.coverage_page import coverage_document, coverage_page
    from runner.cli.slo.page import Page

    oldest = _seconds(max_age)
    proofs = _proofs()
    with asked(prometheus_url, timeout_seconds, _NAME) as prometheus, told_while_waiting(prometheus.url):
        rules = PrometheusAlerts(prometheus).rules()
    now = time.time()
    coverage = cover(rules, proofs, severity, now, oldest)
    if not coverage.alerts:
        fail(_NAME, f"{prometheus.url} has no alerting rule with severity {severity}", Exit.INCONCLUSIVE)
    if as_json:
        click.echo(json.dumps({"prometheus": prometheus.url, **coverage_document(coverage)}, indent=2))
    else:
        page = Page()
        page.print(*coverage_page(coverage, severity, now, page.width))
    sys.exit(Exit.BREACHED if check and not coverage.whole else Exit.HELD)


def _seconds(max_age: str | None) -> float | None:
    try:
        return None if max_age is None else parse_duration(max_age)
    except DurationError as error:
        raise click.BadParameter(str(error), param_hint="--max-age") from error


def _proofs() -> "Sequence[AlertProof]":
    from runner.cli.slo.terminal import tell
    from runner.store.opening import open_store
    from runner.store.store import StoreError

    try:
        with open_store() as store:
            for warning in store.warnings:
                tell(f"{_NAME}: {warning}")
            return store.alert_proofs()
    except StoreError as error:
        fail(_NAME, str(error), Exit.INCONCLUSIVE)
