"""What the dashboards ask is PromQL over series that somebody promises, with variables that they have."""

import re
from collections.abc import Iterator
from pathlib import Path

import promql_parser
import pytest

import slos.rules.names
from dashboards import committed, slo_series
from dashboards.committed import CommittedDashboard
from lab.workloads.dcgm.fields import FIELDS
from runner.exporter.metrics import METRICS
from slos.tiers import DAY, TIERS
from tests.dashboards.asking import Asked, asked_by, filled, variables_of

DASHBOARDS = committed.read()
BUILT_IN = {"__rate_interval": "1m", "__range": "1h", "__interval": "15s"}
CONTRACT = Path(__file__).parents[2] / "docs" / "mltrain-metrics.md"
SUFFIXES = re.compile(r"_(bucket|sum|count)$")


def all_asked() -> Iterator[tuple[CommittedDashboard, Asked]]:
    return ((dashboard, asked) for dashboard in DASHBOARDS for asked in asked_by(dashboard.model))


def parsed(asked: Asked) -> promql_parser.Expr:
    window = dict.fromkeys(variables_of(asked.expression), "5m")
    return promql_parser.parse(filled(asked.expression, window | BUILT_IN))


def series_of(expression: promql_parser.Expr) -> Iterator[str]:
    """The names of all series that an expression reads."""
    if isinstance(expression, promql_parser.VectorSelector):
        if expression.name:
            yield expression.name
        return
    for part in ("expr", "lhs", "rhs", "vector_selector", "param"):
        inner = getattr(expression, part, None)
        if isinstance(inner, promql_parser.Expr):
            yield from series_of(inner)
    for argument in getattr(expression, "args", None) or ():
        yield from series_of(argument)


def test_every_query_is_promql() -> None:
    wrong = []
    for _, asked in all_asked():
        try:
            parsed(asked)
        except ValueError as error:
            wrong.append(f"{asked.where}: {error}: {asked.expression}")
    assert wrong == []


def test_there_are_many_queries() -> None:
    assert len(list(all_asked())) > 150


def test_every_variable_of_a_query_is_one_of_its_dashboard() -> None:
    for dashboard, asked in all_asked():
        declared = {variable["name"] for variable in dashboard.model["templating"]["list"]}
        assert variables_of(asked.expression) <= declared | BUILT_IN.keys(), asked.where


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda one: one.name)
def test_every_variable_is_used(dashboard: CommittedDashboard) -> None:
    used = {name for asked in asked_by(dashboard.model) for name in variables_of(asked.expression)}
    declared = {variable["name"] for variable in dashboard.model["templating"]["list"]} - {"datasource"}
    assert declared <= used


def test_series_of_ours_are_those_that_are_documented() -> None:
    promised = {metric.name for metric in METRICS}
    promised |= {value for value in vars(slos.rules.names).values() if isinstance(value, str) and value[:4] == "slo:"}
    promised |= set(re.findall(r"`(mltrain_\w+)`", CONTRACT.read_text()))
    promised |= {field.name for field in FIELDS}
    prefixes = ("mlchaos_", "slo:", "mltrain_", "DCGM_")
    read = {name for _, asked in all_asked() for name in series_of(parsed(asked))}
    ours = {name for name in read if name.startswith(prefixes)}
    assert len(ours) > 50
    assert {name for name in ours if name not in promised and SUFFIXES.sub("", name) not in promised} == set()


def test_a_window_of_a_rate_is_never_fixed_below_a_scrape() -> None:
    fixed = re.compile(r"\[(\d+)(s|ms)\]")
    assert [asked.where for _, asked in all_asked() if fixed.search(asked.expression)] == []


@pytest.mark.parametrize("tier", TIERS, ids=lambda tier: tier.name)
@pytest.mark.parametrize("days", [28, 30])
def test_the_line_at_which_a_tier_alerts_is_its_factor_for_that_window(tier: slos.tiers.Tier, days: int) -> None:
    query = slo_series.alert_factor(tier.name, 'slo="x"')
    line = re.search(rf'period_seconds="{days * DAY:.0f}"\}}\) \* ([\d.e-]+)', query)
    assert line is not None
    assert float(line[1]) == pytest.approx(tier.factor(days * DAY), rel=1e-4)


@pytest.mark.parametrize(
    ("tiers", "shown"),
    [
        ("fast-page,slow-page", True),
        ("slow-page,fast-page", True),
        ("fast-page", True),
        ("slow-page", False),
        ("", False),
    ],
)
def test_a_tier_that_is_off_has_no_line(tiers: str, shown: bool) -> None:
    pattern = re.search(r'tiers=~"([^"]+)"', slo_series.alert_factor("fast-page", 'slo="x"'))
    assert pattern is not None
    assert bool(re.fullmatch(pattern[1], tiers)) is shown


def test_no_query_makes_a_good_zero_of_what_is_unknown() -> None:
    """`or vector(0)` would show 0 pages where no rule was ever loaded."""
    assert [asked.where for _, asked in all_asked() if "vector(" in asked.expression] == []
