"""`chaos alerts route`."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli.alerts.asking import alertmanager_option, asked_alertmanager
from runner.cli.slo.ending import fail
from runner.cli.slo.options import json_option, prometheus_option, timeout_option
from runner.cli.slo.prometheus import told_while_waiting
from runner.exit_codes import Exit

if TYPE_CHECKING:
    from runner.alerting.labelled import Labelled
    from runner.alerting.muted_now import MutedNow
    from runner.alerting.routing import Routing

_NAME = "chaos alerts route"


@click.command()
@click.argument("labels", nargs=-1, metavar="LABEL=VALUE...")
@click.option(
    "--receiver",
    "wanted",
    multiple=True,
    metavar="NAME",
    help="It must reach this receiver, and no other than those that are named. May be given again.",
)
@click.option(
    "--config",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read the configuration from this file, and ask no Alertmanager: what is muted now is not known then.",
)
@json_option
@prometheus_option
@alertmanager_option
@timeout_option
def command(
    labels: tuple[str, ...],
    wanted: tuple[str, ...],
    file: Path | None,
    as_json: bool,
    prometheus_url: str,
    alertmanager_url: str,
    timeout_seconds: float,
) -> None:
    """Which receivers an alert with these labels reaches, by the configuration that Alertmanager has loaded.

    Beyond `amtool config routes test` it tells each route with its group and its times, the inhibitions that could mute
    the alert, and the alerts and silences that mute it at this moment. A word without `=` is the alert's name; with an
    address of Prometheus its rule is looked up, and it is told where the labels that the rule sets lead. Routes with
    time intervals are named; whether one is on now is not told.

    Exit status: 0 when it could be told; with --receiver 1 when it reaches others (with the labels given, or with those
    of its rule), or none of them because it is muted;
    2 for bad usage or a file that is no configuration; 4 when Alertmanager cannot be asked.

    \b
    Example: chaos alerts route LlmAvailabilityBudgetBurn severity=page slo=llm-availability
             chaos alerts route severity=page team=ml --receiver ml-oncall
             chaos alerts route severity=page --config alertmanager.yml
    """
    from runner.alerting.muted_now import muted_now
    from runner.alerting.routing import RoutingError, read_routing
    from runner.cli.alerts.route_page import route_document, route_page
    from runner.cli.slo.page import Page

    given = _labels(labels)
    muted = None
    try:
        if file is not None:
            place, routing = str(file), read_routing(file.read_text("utf-8"))
        else:
            with asked_alertmanager(alertmanager_url, timeout_seconds, _NAME) as server, told_while_waiting(server.url):
                place, routing = server.url, read_routing(server.status().configuration)
                muted = muted_now(routing, given, server.alerts(), server.silences())
    except (RoutingError, OSError, UnicodeDecodeError) as error:
        status = Exit.REFUSED if file is not None else Exit.INCONCLUSIVE
        fail(_NAME, f"{file or 'the configuration of Alertmanager'}: {error}", status)
    ruled = _ruled(prometheus_url, timeout_seconds, given, routing)
    problem = _problem(routing, given, wanted, muted, ruled)
    if as_json:
        document = route_document(routing, given, muted, ruled, problem)
        click.echo(json.dumps({"configuration": place, **document}, indent=2))
    else:
        Page().print(*route_page(routing, given, muted, ruled, problem))
    sys.exit(Exit.BREACHED if problem else Exit.HELD)


def _labels(given: Sequence[str]) -> dict[str, str]:
    from actions.alerts.matcher import MatcherError, read_matcher

    found: dict[str, str] = {}
    for text in given:
        if "=" not in text and "alertname" in found:
            raise click.BadParameter(f"{text!r} is no LABEL=VALUE", param_hint="LABEL=VALUE")
        try:
            label = read_matcher(text if "=" in text else f"alertname={text}")
        except MatcherError as error:
            raise click.BadParameter(str(error), param_hint="LABEL=VALUE") from error
        if label.operator != "=":
            raise click.BadParameter(f"{text!r} is no label: write NAME=VALUE", param_hint="LABEL=VALUE")
        if label.name in found:
            raise click.BadParameter(f"the label {label.name} is given twice", param_hint="LABEL=VALUE")
        found[label.name] = label.value
    if not found:
        raise click.BadParameter("give the labels of an alert, such as severity=page", param_hint="LABEL=VALUE")
    return {name: value for name, value in found.items() if value}


def _ruled(url: str, timeout_seconds: float, given: dict[str, str], routing: "Routing") -> "Labelled":
    """What Prometheus has of it. One that cannot be asked is no reason not to tell the rest."""
    from clients.prometheus import Prometheus, PrometheusError
    from clients.prometheus_alerts import PrometheusAlerts
    from runner.alerting.labelled import AS_GIVEN, Labelled, labelled

    if not url:
        return Labelled(problem=AS_GIVEN.format("set PROMETHEUS_URL or give --prometheus to look it up"))
    try:
        with Prometheus(url, timeout=timeout_seconds) as prometheus, told_while_waiting(url):
            return labelled(PrometheusAlerts(prometheus).rules(), given, routing)
    except PrometheusError as error:
        return Labelled(problem=AS_GIVEN.format(error))


def _problem(
    routing: "Routing", labels: dict[str, str], wanted: Sequence[str], muted: "MutedNow | None", ruled: "Labelled"
) -> str:
    """What is not as --receiver asks; empty where all is, or nothing is asked."""
    if not wanted:
        return ""
    reached = set(routing.receivers_of(labels))
    missing, stray = sorted(set(wanted) - reached), sorted(reached - set(wanted))
    found = [f"does not reach {', '.join(missing)}"] * bool(missing) + [f"also reaches {', '.join(stray)}"] * bool(
        stray
    )
    if not found and (others := ruled.receivers_beside(wanted)):
        found.append(f"reaches {', '.join(others)} with the labels of its rule")
    if muted:
        found.append("is muted at this moment")
    return "it " + " and ".join(found) if found else ""
