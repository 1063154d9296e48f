"""The experiments on alerts: each checks out, and every page of the lab's rules is provoked, or it is said why not."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.servers import SERVERS
from lab.slo_rules import CATALOG, covered
from runner.experiment.check import check_file
from slos.files.reading import read
from slos.rules.compile import AlertRule, compile_slos
from tests.experiments.chaos import REPOSITORY

ALERTS = REPOSITORY / "experiments" / "alerts"
FILES = sorted(ALERTS.glob("*.yaml"))
MUTED = {"blind-spot", "silence-mutes"}
OTHERS_MAY_PAGE = {"llm-engine-freeze", "llm-gone", "features-stale", "trainer-long-hang"}
"""Those whose fault, when it lasts, makes more alerts page than those that are asked for."""


def guard(path: Path) -> dict[str, Any]:
    block: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))["extensions"][0]
    return block


def pages_of_the_lab() -> set[str]:
    loaded = read({str(path): path.read_text(encoding="utf-8") for path in CATALOG.rglob("*.yaml")})
    groups = compile_slos(covered(loaded.slos.slos, [server.name for server in SERVERS]))
    rules = [rule for group in groups for rule in group.rules if isinstance(rule, AlertRule)]
    return {rule.alert for rule in rules if rule.labels["severity"] == "page"}


def table(heading: str) -> dict[str, str]:
    """The first column of the table under a heading of the README, and the rest of its row."""
    _, _, text = (ALERTS / "README.md").read_text(encoding="utf-8").partition(heading)
    rows = re.findall(r"^\| `([\w-]+)` \| (.+) \|$", text.partition("\n## ")[0], re.MULTILINE)
    return dict(rows)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_file_checks_out(path: Path) -> None:
    assert [str(problem) for problem in check_file(str(path)).problems] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_says_for_every_alert_whom_it_reaches_how_soon_and_when_it_ends(path: Path) -> None:
    for alert in guard(path)["alerts"]:
        limits = {"fires_within", "notified_within", "resolves_within"}
        assert alert.keys() - {"muted_by"} == {"alert", "severity", "receiver", *limits}
        assert alert["severity"] == "page"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_other_page_may_come_unless_its_fault_really_makes_more_of_them_burn(path: Path) -> None:
    assert guard(path)["unexpected_pages"] == ("allow" if path.stem in OTHERS_MAY_PAGE else "forbid")


def test_every_page_of_the_lab_is_provoked_or_it_is_said_why_not() -> None:
    provoked = {alert["alert"] for path in FILES if path.stem not in MUTED for alert in guard(path)["alerts"]}
    told = set(table("## What no experiment provokes"))
    assert provoked.isdisjoint(told)
    assert pages_of_the_lab() == provoked | told


def test_the_readme_names_every_experiment_and_what_it_makes_page() -> None:
    rows = table("# Experiments on who is paged")
    assert rows.keys() == {path.stem for path in FILES}
    for path in FILES:
        named = set(re.findall(r"`(\w+(?:BudgetBurn|SliAbsent))`", rows[path.stem]))
        expected = {alert["alert"] for alert in guard(path)["alerts"]}
        assert named <= expected, path.stem
        assert named == expected or path.stem in {*MUTED, "trainer-long-hang"}, path.stem


def test_only_a_blind_spot_may_not_end_well() -> None:
    asked = {alert.get("muted_by") for alert in guard(ALERTS / "silence-mutes.yaml")["alerts"]}
    assert asked == {"silence", None}
    assert {alert.get("muted_by") for alert in guard(ALERTS / "blind-spot.yaml")["alerts"]} == {None}
