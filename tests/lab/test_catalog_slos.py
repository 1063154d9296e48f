"""The catalogue in the whole lab: every SLO whose stack it runs has data, and nobody is paged while all is well.

This module stands before those that damage the shared lab.
"""

import json
import urllib.request
import warnings

import pytest

from lab.network import LabNetwork
from lab.servers import SERVERS, find
from lab.slo_rules import CATALOG, covered
from slos.files.reading import read
from slos.rules.names import BUDGET_REMAINING, BURN_RATE, EVENTS
from tests.lab.labs import Lab
from tests.waiting import wait_for

pytestmark = [
    pytest.mark.lab,
    pytest.mark.xdist_group("full-lab"),
    pytest.mark.timeout(900),
    pytest.mark.needs("prometheus"),
]

COVERED = covered(
    read({str(path): path.read_text() for path in CATALOG.rglob("*.yaml")}).slos.slos,
    [server.name for server in SERVERS if find(server) is not None],
)
NAMES = {slo.name for slo in COVERED}


def recorded(lab: Lab, series: str) -> set[str]:
    return {row["metric"]["slo"] for row in lab.query(series)}


def test_the_rules_are_loaded_and_every_one_evaluates(full_lab: Lab) -> None:
    assert full_lab.state().rules_problem == ""

    def unhealthy() -> list[str]:
        url = f"{LabNetwork(full_lab.octet).prometheus_url}/api/v1/rules"
        with urllib.request.urlopen(url, timeout=60) as answer:
            groups = json.load(answer)["data"]["groups"]
        loaded = {group["name"] for group in groups if group["name"].startswith("slo:")}
        assert loaded == {f"slo:{name}{part}" for name in NAMES for part in ("", ":long")}
        return [rule["name"] for group in groups for rule in group["rules"] if rule["health"] != "ok"]

    wait_for(lambda: not unhealthy(), 20, every=0.5)


def test_every_covered_slo_has_events_a_burn_and_a_budget(full_lab: Lab) -> None:
    wait_for(lambda: recorded(full_lab, f'{EVENTS}{{window="5m"}}') == NAMES, 30, every=0.5)
    wait_for(lambda: recorded(full_lab, f'{BURN_RATE}{{window="1h"}}') == NAMES, 30, every=0.5)
    wait_for(lambda: recorded(full_lab, f'{BURN_RATE}{{window="28d"}}') == NAMES, 30, every=0.5)
    wait_for(lambda: recorded(full_lab, BUDGET_REMAINING) == NAMES, 30, every=0.5)


def test_nobody_is_paged_while_all_is_well(full_lab: Lab) -> None:
    """A machine that stands still for a while makes the lab really miss scrapes and SLOs: it is asked again."""
    paged = 'count by (alertname) (count_over_time(ALERTS{alertstate="firing",severity="page"}[15s]))'
    if fired := sorted(row["metric"]["alertname"] for row in full_lab.query(paged)):
        warnings.warn(f"pages in a lab that was only busy: {', '.join(fired)}", stacklevel=1)
    wait_for(lambda: full_lab.query(paged) == [], 60, every=0.5)
