"""`chaos alerts deadman`."""

import json
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from runner.cli.alerts.asking import alertmanager_option, pages_option
from runner.cli.slo.ending import fail
from runner.cli.slo.options import json_option, prometheus_option, timeout_option
from runner.cli.slo.prometheus import told_while_waiting
from runner.exit_codes import Exit

if TYPE_CHECKING:
    from rich.console import RenderableType

    from runner.alerting.deadman import Link

_NAME = "chaos alerts deadman"
_LOOK_EVERY_SECONDS = 0.5


@click.command()
@click.option("--alert", default="Watchdog", show_default=True, help="The alert that always fires.")
@click.option(
    "--wait",
    "wait_seconds",
    type=click.FloatRange(min=0, max=86_400),
    default=0.0,
    metavar="SECONDS",
    help="Look again for so long, until it has arrived: for a path that was mended, or begun, just now.",
)
@json_option
@prometheus_option
@alertmanager_option
@pages_option
@timeout_option
def command(
    alert: str,
    wait_seconds: float,
    as_json: bool,
    prometheus_url: str,
    alertmanager_url: str,
    pages_url: str,
    timeout_seconds: float,
) -> None:
    """Whether the alert that always fires arrives: rule, firing, received by Alertmanager, routed, at its receivers.

    An alert path that is broken is silent, and so is a quiet day. Whoever does not get this alert any more knows that
    no other would come through either. How often it has to come is what Alertmanager's configuration says of its route.
    Whether it arrived is told by what keeps notifications (MLCHAOS_PAGES_URL); without one it is unknown.

    Exit status: 0 it arrives, 1 a link of the path is broken, 2 for bad usage, 4 a link cannot be seen, or what has not
    come may still come: Prometheus repeats an alert once a minute.

    \b
    Example: chaos alerts deadman
             chaos alerts deadman --wait 30 --json
    """
    from runner.alerting.deadman import state_of
    from runner.alerting.deadman_look import Look
    from runner.cli.slo.page import Page

    if not (prometheus_url or alertmanager_url or pages_url):
        remedy = 'in the lab: eval "$(chaos lab env)", or give --prometheus, --alertmanager and --pages'
        fail(_NAME, f"no address is named: {remedy}", Exit.REFUSED)
    look = Look(alert, prometheus_url, alertmanager_url, pages_url, timeout_seconds)
    deadline = time.monotonic() + wait_seconds
    with told_while_waiting(alertmanager_url or prometheus_url):
        links = look.links()
        while state_of(links) != "ok" and time.monotonic() < deadline:
            time.sleep(min(_LOOK_EVERY_SECONDS, max(deadline - time.monotonic(), 0)))
            links = look.links()
    state = state_of(links)
    if as_json:
        told = [{"link": one.name, "state": one.state, "detail": one.detail} for one in links]
        click.echo(json.dumps({"alert": alert, "state": state, "links": told}, indent=2))
    else:
        Page().print(*_page(alert, links))
    sys.exit({"ok": Exit.HELD, "broken": Exit.BREACHED, "unknown": Exit.INCONCLUSIVE}[state])


def _page(alert: str, links: "tuple[Link, ...]") -> "Iterator[RenderableType]":
    from rich.text import Text

    from runner.alerting.deadman import state_of
    from runner.cli.slo.figures import printable
    from runner.cli.slo.tables import table

    styles = {"ok": "green", "broken": "bold red", "unknown": "yellow"}
    said = {
        "ok": "it arrives: the alert path works.",
        "broken": "the alert path is broken: nothing would come through.",
        "unknown": "it is not known whether it arrives.",
    }
    state = state_of(links)
    yield Text(printable(f"{alert}: {said[state]}"), style=styles[state])
    yield Text("")
    rows = table(("link", "left"), ("state", "left"), ("seen", "left"))
    for one in links:
        rows.add_row(one.name, Text(one.state, style=styles[one.state]), printable(one.detail))
    yield rows
