"""The whole loop in the whole lab, as a user runs it: the page comes and ends; and a blind spot does not hold."""

import json
import warnings
from pathlib import Path
from typing import Any

import pytest

from clients.prometheus import Prometheus
from clients.prometheus_alerts import PrometheusAlerts
from runner.alerting.timeline import STAGES
from tests.experiments.chaos import REPOSITORY
from tests.lab.labs import Lab, chaos
from tests.waiting import wait_for

pytestmark = [
    pytest.mark.lab,
    pytest.mark.xdist_group("full-lab"),
    pytest.mark.timeout(600),
    pytest.mark.needs("prometheus", "alertmanager", "redis", "toxiproxy"),
]

SCRAPE_SECONDS = 1.0
"""Of the lab's Prometheus: what has happened may be counted so much later."""
ATTEMPTS = 3
"""On a machine that is busy with other tests the lab may page for reasons of its own; the program says so, rightly."""
SHORT = {"GUARD_WINDOW": "15s", "ALERT_NOTIFIED_WITHIN": "8s"}
"""Whoever waits for a page that does not come need not wait for long here."""


def run(name: str, place: Path, environment: dict[str, str]) -> tuple[int, dict[str, Any], str]:
    """The exit status, the summary, and all that was said."""
    file = REPOSITORY / "experiments" / "alerts" / f"{name}.yaml"
    journal = place / "journal.json"
    done = chaos("run", "--journal-path", str(journal), str(file), **environment)
    summary: dict[str, Any] = json.loads(journal.read_text())["mlchaos"]
    return done.returncode, summary, done.stdout + done.stderr


def wait_until_quiet(lab: Lab) -> None:
    """Until no page fires: what fires before a run proves nothing, and it is refused."""
    wait_for(lambda: lab.query('ALERTS{severity="page"}') == [], 120, every=0.5)


def rule_interval(lab: Lab, timeline: dict[str, Any]) -> float:
    """Every how many seconds Prometheus evaluates the rules of an alert; of several, the slowest."""
    with Prometheus(lab.environment()["PROMETHEUS_URL"]) as prometheus:
        rules = PrometheusAlerts(prometheus).rules()
    return max(
        rule.interval for rule in rules if (rule.name, rule.severity) == (timeline["alert"], timeline["severity"])
    )


def test_the_page_reaches_its_receiver_and_no_other_and_ends(full_lab: Lab, tmp_path: Path) -> None:
    for _ in range(ATTEMPTS):
        wait_until_quiet(full_lab)
        status, summary, said = run("features-path-down", tmp_path, full_lab.environment())
        if summary["verdict"] == "held":
            break
        warnings.warn(f"it did not hold: {summary['verdict']}: {summary['reason']}", stacklevel=1)
    assert (status, summary["verdict"]) == (0, "held"), said
    for timeline in summary["alerts"]["timelines"]:
        seen = {stage["stage"]: stage["at"] for stage in timeline["stages"]}
        assert timeline["outcome"] == "proven"
        assert timeline["predicted_at"] is not None, timeline["prediction"]
        assert list(seen) == list(STAGES)
        assert seen["fault"] < seen["firing"] < seen["notified"] < seen["resolved"] < seen["resolved notified"]
        off = abs(timeline["predicted_at"] - seen["firing"])
        assert off <= rule_interval(full_lab, timeline) + SCRAPE_SECONDS, timeline["prediction"]
    assert summary["alerts"]["strays"] == []


def test_a_blind_spot_is_breached_where_nobody_was_told(full_lab: Lab, tmp_path: Path) -> None:
    for _ in range(ATTEMPTS):
        wait_until_quiet(full_lab)
        status, summary, said = run("blind-spot", tmp_path, full_lab.environment() | SHORT)
        lost = {(one["outcome"], one["lost_at"]) for one in summary["alerts"]["timelines"]}
        if ("lost", "notified") in lost:
            break
        warnings.warn(f"it was not found out: {summary['verdict']}: {summary['reason']}", stacklevel=1)
    assert (status, summary["verdict"]) == (1, "breached"), said
    assert "silence" in summary["reason"], said
