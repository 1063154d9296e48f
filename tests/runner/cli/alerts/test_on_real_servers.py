"""The commands on a real Prometheus and a real Alertmanager, whose notifications reach the sink."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from clients.alertmanager import Alertmanager, Silence, SilenceMatcher
from lab.processes import die_with_parent
from lab.servers import find_program
from runner.cli.alerts import alerts
from runner.exit_codes import Exit
from tests import real_alertmanager, real_prometheus
from tests.waiting import wait_for

pytestmark = [pytest.mark.lab, pytest.mark.needs("prometheus", "alertmanager")]

ROUTE: dict[str, Any] = {
    "receiver": "tickets",
    "group_by": ["alertname"],
    "group_wait": "100ms",
    "group_interval": "1s",
    "repeat_interval": "2s",
    "routes": [
        {"matchers": ['alertname="Watchdog"'], "receiver": "deadman"},
        {"matchers": ['severity="page"'], "receiver": "oncall"},
    ],
}
INHIBITIONS = [{"source_matchers": ['severity="page"'], "target_matchers": ['severity="ticket"'], "equal": ["slo"]}]
RULES = """
groups:
  - name: test
    interval: 200ms
    rules:
      - {alert: Watchdog, expr: vector(1), labels: {severity: none}}
      - {alert: Burn, expr: vector(1), labels: {severity: page, slo: a, tier: fast-page}}
      - {alert: Calm, expr: vector(1) > 2, labels: {severity: page, slo: b}}
"""


@dataclass
class Servers:
    prometheus: str
    alertmanager: str
    pages: str

    def chaos(self, *arguments: str, pages: bool = True) -> tuple[int, dict[str, Any]]:
        environment = {
            "PROMETHEUS_URL": self.prometheus,
            "ALERTMANAGER_URL": self.alertmanager,
            "MLCHAOS_PAGES_URL": self.pages if pages else "",
        }
        done = CliRunner().invoke(alerts, [*arguments, "--json"], env=environment)
        return done.exit_code, json.loads(done.stdout)

    def links(self, *arguments: str, **more: bool) -> tuple[int, dict[str, str]]:
        status, document = self.chaos("deadman", *arguments, **more)
        return status, {one["link"]: one["state"] for one in document["links"]}


@pytest.fixture
def servers(lab_octet: int, memory_path: Path) -> Iterator[Servers]:
    host = f"127.{lab_octet}.0.1"
    pages = f"http://{host}:9099"
    program = [sys.executable, "-c", "from runner.cli.alerts import alerts; alerts()"]
    # As users do it: the fragment is merged into the receivers, and the routes stay as they are.
    named = ["--receiver", "tickets", "--receiver", "oncall", "--receiver", "deadman"]
    fragment = CliRunner().invoke(alerts, ["sink", "--route", "--url", pages, *named]).stdout
    configuration = {"route": ROUTE, "inhibit_rules": INHIBITIONS, **yaml.safe_load(fragment)}
    alertmanager_address = real_alertmanager.address_in(lab_octet)
    prometheus = json.loads(real_prometheus.scraping({}))
    prometheus["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": [alertmanager_address]}]}]}
    with (memory_path / "sink.log").open("wb") as log:
        sink = subprocess.Popen(die_with_parent([*program, "sink", "--listen", f"{host}:9099"]), stderr=log)
    try:
        with (
            real_alertmanager.real_alertmanager(
                memory_path, alertmanager_address, yaml.safe_dump(configuration)
            ) as alertmanager_url,
            real_prometheus.real_prometheus(
                memory_path, real_prometheus.address_in(lab_octet), json.dumps(prometheus), {"test": RULES}
            ) as prometheus_url,
        ):
            yield Servers(prometheus_url, alertmanager_url, pages)
    finally:
        sink.kill()
        sink.wait()


def test_the_way_of_alerts_is_told_as_it_is(servers: Servers, memory_path: Path) -> None:
    amtool = find_program("amtool")
    if amtool is not None:  # what the fragment was merged into is a configuration
        subprocess.run([amtool, "check-config", str(memory_path / "alertmanager.yml")], check=True, capture_output=True)

    status, links = servers.links("--wait", "60")
    assert (status, set(links.values())) == (Exit.HELD, {"ok"}), links
    assert list(links) == ["rule", "firing", "received", "routed", "arrived"]
    assert servers.links("--alert", "Nobody")[1]["rule"] == "broken"
    status, links = servers.links(pages=False)
    assert (status, links["received"], links["arrived"]) == (Exit.INCONCLUSIVE, "ok", "unknown")

    ticket = ("route", "Slow", "severity=ticket", "slo=a", "--receiver", "tickets")
    wait_for(lambda: servers.chaos(*ticket)[0] == Exit.BREACHED, 30)
    muted = servers.chaos(*ticket)[1]
    assert muted["receivers"] == ["tickets"]
    assert muted["muted_now"]["inhibitions"][0]["by"]["alertname"] == "Burn"
    assert servers.chaos("route", "Slow", "severity=ticket", "slo=b", "--receiver", "tickets")[0] == Exit.HELD

    status, coverage = servers.chaos("coverage", "--check")
    assert status == Exit.BREACHED
    assert [(one["alert"], one["slo"], one["state"]) for one in coverage["alerts"]] == [
        ("Burn", "a", "never tried"),
        ("Calm", "b", "never tried"),
    ]
    assert servers.chaos("coverage", "--severity", "none")[1]["alerts"][0]["alert"] == "Watchdog"

    server = Alertmanager(servers.alertmanager)
    now = time.time()
    server.silence(Silence((SilenceMatcher("alertname", "Watchdog"),), now - 60, now + 600, "somebody", "forgotten"))
    server.close()
    wait_for(lambda: servers.links()[1]["received"] == "broken", 30)
    status, links = servers.links()
    assert (status, links["rule"]) == (Exit.BREACHED, "ok")
