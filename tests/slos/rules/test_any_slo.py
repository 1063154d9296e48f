"""What holds for the rules of every SLO."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings

from slos.duration import parse_duration
from slos.lint import lint
from slos.model import CalendarWindow, EventRatio, GaugeThreshold, Indicator, RawRatio, Slo, SloSet
from slos.rules.compile import CALENDAR_GROUP, AlertRule, RuleGroup, compile_slos
from slos.rules.text import prometheus_rule, rule_file
from tests.slos.rules.any_slo import TIME_SCALES, slos
from tests.slos.rules.declared import slo as declared
from tests.slos.rules.promtool import check, needs_promtool

QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ONE_AFTER_ANOTHER = settings(QUICK, database=None, phases=[Phase.generate])
"""Nothing is shrunk: promtool is asked once, about all of them."""


def said(groups: Sequence[RuleGroup]) -> list[dict[str, Any]]:
    """The groups as any reader of YAML should find them."""
    found = []
    for group in groups:
        rules: list[dict[str, Any]] = []
        for rule in group.rules:
            one: dict[str, Any] = {"expr": rule.expr}
            if isinstance(rule, AlertRule):
                one |= {"alert": rule.alert, "annotations": dict(rule.annotations)}
                one |= {"for": rule.for_seconds} if rule.for_seconds else {}
            else:
                one |= {"record": rule.record}
            rules.append({**one, "labels": dict(rule.labels)})
        found.append({"name": group.name, "interval": group.interval_seconds, "rules": rules})
    return found


def read(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    groups = document["groups"]
    for group in groups:
        group["interval"] = parse_duration(group["interval"])
        for rule in group["rules"]:
            if "for" in rule:
                rule["for"] = parse_duration(rule["for"])
    return list(groups)


@QUICK
@given(slos(), TIME_SCALES)
def test_no_two_rules_are_alike_and_a_rule_file_says_what_was_compiled(slo: Slo, time_scale: float) -> None:
    groups = compile_slos([slo], time_scale)

    names = [
        (rule.alert if isinstance(rule, AlertRule) else rule.record, *sorted(rule.labels.items()))
        for group in groups
        for rule in group.rules
    ]
    assert len(set(names)) == len(names)
    assert read(yaml.load(rule_file(groups), yaml.CSafeLoader)) == said(groups)
    assert read(yaml.load(prometheus_rule(groups, "a", None, {}), yaml.CSafeLoader)["spec"]) == said(groups)
    assert rule_file(groups) == rule_file(compile_slos([replace(slo)], time_scale))


@pytest.mark.lab
@pytest.mark.needs("prometheus")
@needs_promtool
def test_prometheus_loads_the_rules_of_every_slo_that_passes_lint(tmp_path: Path) -> None:
    drawn: dict[float, dict[str, Slo]] = {}

    @settings(ONE_AFTER_ANOTHER, max_examples=80)
    @given(slos(), TIME_SCALES)
    def collect(slo: Slo, time_scale: float) -> None:
        errors = [str(problem) for problem in lint(SloSet((slo,))) if problem.level == "error"]
        assert errors == []
        drawn.setdefault(time_scale, {}).setdefault(slo.name, slo)

    collect()

    for time_scale, named in drawn.items():
        check(rule_file(compile_slos(named.values(), time_scale)), tmp_path)


@pytest.mark.parametrize("name", ["calendar", "long", "slo", "a.long", "slos-calendar"])
def test_no_slo_has_the_group_of_the_calendars(name: str) -> None:
    monthly = CalendarWindow("month", "UTC", 1)

    groups = compile_slos([declared(name, window=monthly), declared("a", window=monthly)])

    assert len({group.name for group in groups}) == len(groups) == 5
    assert CALENDAR_GROUP in {group.name for group in groups}


@pytest.mark.parametrize(
    "indicator",
    [
        EventRatio("requests_total", bad="scalar(sum(increase(errors_total[{{.window}}])))"),
        EventRatio("requests_total", bad="2 * (scalar(sum(increase(errors_total[{{.window}}]))) + 1)"),
        RawRatio("-scalar(error_ratio)"),
        GaugeThreshold("time() - scalar(saved_at)", "lt", 60, 60),
    ],
)
def test_what_gives_a_scalar_does_not_pass_lint_for_rules_could_not_sum_it(indicator: Indicator) -> None:
    problems = lint(SloSet((declared(indicator=indicator),)))

    assert any("gives a scalar, not a series" in str(problem) for problem in problems)
