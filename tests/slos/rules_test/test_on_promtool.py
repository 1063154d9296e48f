"""The written tests on the real promtool: the compiled rules pass them, and rules that are wrong do not."""

from dataclasses import replace
from pathlib import Path

import pytest

from clients.promtool import TestResult, run_rule_tests
from lab.servers import find_program
from slos.model import (
    AbsentAlert,
    CalendarWindow,
    EventRatio,
    GaugeThreshold,
    LatencyThreshold,
    RawRatio,
    Slo,
    TierAlert,
)
from slos.rules.compile import AlertRule, Rule, RuleGroup, compile_slo
from slos.rules_test.write import rule_files, unit_tests
from slos.tiers import DAY, TIER, TIERS
from tests.slos.rules.declared import slo
from tests.slos.rules.promtool import needs_promtool

pytestmark = [pytest.mark.lab, needs_promtool]

SECONDS = 100
ALL = tuple(TIER)
ERRORS = EventRatio(total='r_total{job="x"}', bad='r_total{job="x",code=~"5.."}')


def failures(
    directory: Path, declared: Slo, groups: tuple[RuleGroup, ...], time_scale: float = 1, only: str = ""
) -> list[TestResult]:
    """The failed ones of the tests (or of the one scenario) of an SLO, with these rules."""
    for name, text in rule_files(declared, groups, time_scale).items():
        (directory / name).write_text(text)
    files = []
    for test in unit_tests(declared, time_scale):
        if not only or test.scenario == only:
            files.append(directory / f"{test.scenario}.test.yml")
            files[-1].write_text(test.text)
    assert files
    results = run_rule_tests(Path(str(find_program("promtool"))), files, SECONDS)
    return [result for result in results if not result.passed]


LABELLED = {
    "tiers": {tier.name: TierAlert(tier.urgency, 120, {"team": "ml", "note": "{{ $labels.slo }}"}) for tier in TIERS},
    "labels": {"route": "night"},
}


@pytest.mark.parametrize(
    ("declared", "time_scale"),
    [
        (
            slo(
                "events", ERRORS, 30 * DAY, tiers=ALL, absent=AbsentAlert("page"), minimum_events=20, alerting=LABELLED
            ),
            1,
        ),
        (slo("latency", LatencyThreshold('ttft{model="a"}', 1.0), 28 * DAY, tiers=ALL), 60),
        (slo("raw", RawRatio("sum(rate(e[{{.window}}])) / sum(rate(t[{{.window}}]))"), 7 * DAY, tiers=ALL), 1),
        (slo("gauge", GaugeThreshold("time() - max(last > 0)", "lt", 600, 120), 30 * DAY, 0.99, ALL[1:2]), 1),
        (slo("month", ERRORS, CalendarWindow("month", "Europe/Berlin", 1), tiers=("fast-page", "slow-ticket")), 1),
    ],
    ids=lambda value: value.name if isinstance(value, Slo) else "",
)
def test_the_compiled_rules_pass(tmp_path: Path, declared: Slo, time_scale: float) -> None:
    assert failures(tmp_path, declared, compile_slo(declared, time_scale), time_scale) == []


MUTATED = slo("events", ERRORS, 30 * DAY, tiers=ALL, absent=AbsentAlert("page"), minimum_events=20)


@pytest.mark.parametrize(
    ("wrong", "old", "new", "scenario"),
    [
        ("a factor too high", "> 14.4", "> 15.5", "above-fast-page"),
        ("a factor too low", "> 14.4", "> 13.4", "below-fast-page"),
        ("an alert on another long window", 'window="3d"} > 1', 'window="1d"} > 1', "slow-burn"),
        ("an alert on another short window", 'window="5m"} > 14.4', 'window="30m"} > 14.4', "fast-burn"),
        ("another tier's label", "slow-page", "fast-page", "above-slow-page"),
        ("a severity", "ticket", "page", "above-slow-ticket"),
        ("the minimum left out", ">= 20", ">= 0", "too-few-events"),
        ("a numerator that may be missing", " or vector(0), scalar", ", scalar", "no-errors-yet"),
        ("another range", "[1h]", "[30m]", "healthy"),
        ("events not added up", "sum(increase", "max(increase", "healthy"),
        ("a slice too many", "d23h59m59s999ms:", "d24h:", "whole-window"),
        ("an unweighted mean", "sum_over_time", "avg_over_time", "whole-window"),
        ("a difference instead of an increase", "increase(", "delta(", "counter-reset"),
        ("a division by nothing", " > 0) / (1", " >= 0) / (1", "no-traffic"),
        ("absence unnoticed", "absent(", "sum(", "never-seen"),
        ("presence taken for absence", "absent(", "sum(", "absent"),
    ],
)
def test_rules_that_are_wrong_fail(tmp_path: Path, wrong: str, old: str, new: str, scenario: str) -> None:
    groups = tuple(
        replace(group, rules=tuple(_changed(rule, old, new) for rule in group.rules)) for group in compile_slo(MUTATED)
    )
    assert groups != compile_slo(MUTATED)
    assert failures(tmp_path, MUTATED, groups, only=scenario), wrong


def _changed(rule: Rule, old: str, new: str) -> Rule:
    changed = replace(rule, expr=rule.expr.replace(old, new))
    if isinstance(changed, AlertRule):
        labels = {name: text.replace(old, new) for name, text in changed.labels.items()}
        return replace(changed, labels=labels)
    return changed
