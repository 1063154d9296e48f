"""What lint says of SLOs that are well-formed, and where."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slos.lint import lint
from slos.model import (
    AbsentAlert,
    EventRatio,
    GaugeThreshold,
    Indicator,
    LatencyThreshold,
    RawRatio,
    Service,
    Slo,
    SloSet,
    TierAlert,
)
from slos.problems import Place, Problem
from slos.tiers import DAY, TIER, TIERS, TierName
from tests.slos.rules.declared import slo

ALL: list[TierName] = [tier.name for tier in TIERS]
PAGE: list[TierName] = ["fast-page"]
FAILED = "sum(increase(f{}[{{.window}}]))"
LATE = 'sum(increase(x[{{.window}}])) - sum(increase(y_bucket{le="0.5"}[{{.window}}]))'


def said(*slos: Slo, services: tuple[Service, ...] = ()) -> list[str]:
    """Level, message and remedy of each problem."""
    return [f"{problem.level}: {problem.message}; {problem.remedy}" for problem in lint(SloSet(slos, services))]


def of(indicator: Indicator) -> list[str]:
    return said(slo(indicator=indicator))


def test_a_sound_slo_has_no_problem() -> None:
    assert said(slo(window=30 * DAY, tiers=ALL, objective=0.999, absent=AbsentAlert("page"))) == []


def test_a_problem_stands_where_its_part_does() -> None:
    total = Place("a.yaml", 17, 20, "spec.indicator.spec.ratioMetric.total.metricSource.spec.query")
    broken = slo(indicator=EventRatio(total="sum(x", bad="y"), places={"indicator.total": total})
    assert [problem.place for problem in lint(SloSet((broken,)))] == [total]


def test_one_pass_finds_everything_and_sorts_it_by_place() -> None:
    places = {
        "name": Place("slo.yaml", 9),
        "indicator.total": Place("slo.yaml", 3),
        "indicator.bad": Place("slo.yaml", 2),
    }
    broken = slo("a", EventRatio(total="sum(x", bad="rate(y[5m])"), places=places)
    assert [problem.place.line for problem in lint(SloSet((slo("a"), broken)))] == [2, 3, 9]


class TestNames:
    def test_an_slo_declared_twice_names_the_first_place(self) -> None:
        assert said(slo("a"), slo("a")) == [
            "error: the SLO a is declared already, at slo.yaml:1:1; rename one of them, or remove it"
        ]

    def test_a_service_declared_twice_is_told(self) -> None:
        services = (Service("s", Place("s.yaml")), Service("s", Place("t.yaml")))
        assert said(services=services) == [
            "error: the service s is declared already, at s.yaml:1:1; rename one of them, or remove it"
        ]

    def test_two_slos_with_one_alert_are_a_warning_as_a_label_tells_them_apart(self) -> None:
        pair = (slo("llm-chat", tiers=PAGE, window=30 * DAY), slo("llm.chat", tiers=PAGE, window=30 * DAY))
        (line,) = said(*pair)
        assert line == (
            "warning: the alert ChatBudgetBurn is that of the SLO llm-chat as well (slo.yaml:1:1): only the label slo "
            "tells them apart; name it with the annotation mlchaos.io/alert-name (Sloth: alerting.name)"
        )

    def test_an_alert_that_is_switched_off_takes_no_name(self) -> None:
        assert said(slo("a"), slo("b")) == []

    def test_burning_and_absence_need_alerts_of_their_own(self) -> None:
        same = slo(alerting={"absent_name": "ChatBudgetBurn"}, absent=AbsentAlert("page"), tiers=PAGE, window=30 * DAY)
        assert said(same)[0].startswith("error: burnt budget and a missing SLI raise the same alert, ChatBudgetBurn")


class TestTiers:
    def test_an_unreachable_tier_is_refused_by_name_with_the_objective_and_the_annotation_that_help(self) -> None:
        (line,) = said(slo(window=30 * DAY, objective=0.9, tiers=ALL))
        assert line == (
            "error: the tier fast-page can never fire: a burn rate of 14.4 is an error ratio of 1.44, and none exceeds "
            "1; raise the objective above 93.0556%, or switch it off with the annotation mlchaos.io/tiers: "
            '"slow-page, fast-ticket, slow-ticket"'
        )

    @settings(max_examples=15, deadline=None)
    @given(st.floats(0.01, 0.999), st.sampled_from([28 * DAY, 30 * DAY, 90 * DAY]))
    def test_lint_refuses_exactly_the_tiers_that_rules_could_not_be_made_for(
        self, objective: float, period: float
    ) -> None:
        refused = [line for line in said(slo(window=period, objective=objective, tiers=ALL)) if "never fire" in line]
        unreachable = [tier for tier in TIERS if not tier.reachable(period, objective)]
        assert len(refused) == len(unreachable)
        assert all(f"the tier {tier.name} " in line for tier, line in zip(unreachable, refused, strict=True))

    def test_the_objective_that_the_remedy_names_makes_the_tier_reachable(self) -> None:
        assert not TIER["fast-page"].reachable(30 * DAY, 0.93)
        assert TIER["fast-page"].reachable(30 * DAY, 0.930557)

    def test_a_tier_whose_long_window_is_the_slos_own_is_refused_and_all_such_leave_the_remedy(self) -> None:
        lines = said(slo(window=DAY, tiers=ALL))
        assert lines[0].startswith(
            "error: the tier fast-ticket looks back 1d, as long as the SLO's own window or longer"
        )
        assert lines[1].startswith("error: the tier slow-ticket looks back 3d")
        assert 'mlchaos.io/tiers: "fast-page, slow-page"' in lines[0]

    def test_a_tier_is_told_where_it_is_chosen_or_where_what_breaks_it_is(self) -> None:
        tiers, objective = Place("a.yaml", 5), Place("a.yaml", 9)
        chosen = slo(
            window=30 * DAY, objective=0.5, tiers=PAGE, places={"objective": objective, "alerting.tiers": tiers}
        )
        taken = slo(window=30 * DAY, objective=0.5, tiers=PAGE, places={"objective": objective})
        assert [lint(SloSet((one,)))[0].place for one in (chosen, taken)] == [tiers, objective]

    def test_sloth_has_a_switch_of_its_own(self) -> None:
        sloth = replace(slo(window=30 * DAY, objective=0.5, tiers=ALL), place=Place("s.yaml", path="slos[0]"))
        lines = said(sloth)
        assert len(lines) == 3
        assert all(line.endswith("page_alert: {disable: true} and ticket_alert: {disable: true}") for line in lines)

    def test_tiers_that_a_healthy_service_fires_are_a_warning(self) -> None:
        (line,) = said(slo(window=7 * DAY, tiers=ALL))
        assert line == (
            "warning: tiers fire at a burn rate that a healthy service has, below 1: fast-ticket (0.7) and slow-ticket "
            '(0.233); unless that is wanted, switch it off with the annotation mlchaos.io/tiers: "fast-page, slow-page"'
        )

    def test_the_usual_factor_below_one_of_28_days_is_none(self) -> None:
        assert said(slo(window=28 * DAY, tiers=ALL)) == []

    @pytest.mark.parametrize(
        "indicator", [GaugeThreshold("max(x)", "lt", 1, 60), RawRatio("sum(a) / sum(b)")], ids=["gauge", "raw"]
    )
    def test_more_minimum_events_than_a_window_has_slices_is_refused(self, indicator: Indicator) -> None:
        (line,) = said(slo(indicator=indicator, window=30 * DAY, tiers=PAGE, minimum_events=20))
        assert "can never fire: it needs 20 events in 5m, in which the indicator has 5 slices of time" in line
        assert 'lower mlchaos.io/minimum-events, or switch it off with the annotation mlchaos.io/tiers: "none"' in line

    def test_minimum_events_of_counted_events_are_as_many_as_one_likes(self) -> None:
        assert said(slo(window=30 * DAY, tiers=ALL, minimum_events=1000)) == []

    def test_slices_longer_than_a_short_window_are_a_warning(self) -> None:
        (line,) = said(slo(indicator=GaugeThreshold("max(x)", "lt", 1, 600), window=30 * DAY, tiers=ALL))
        assert line.startswith("warning: slices of 10m are longer than the short window of fast-page (5m)")

    def test_a_slice_as_long_as_the_window_is_refused(self) -> None:
        (line,) = said(slo(indicator=GaugeThreshold("max(x)", "lt", 1, DAY)))
        assert line.startswith("error: a slice is as long as the SLO's whole window")


class TestQueries:
    @pytest.mark.parametrize(
        ("indicator", "expected"),
        [
            (EventRatio("sum(x", bad="y"), "error: PromQL does not parse: unclosed left parenthesis"),
            (EventRatio("x", bad="sum by (a) (y)"), "error: the query gives a series for each group"),
            (EventRatio("x", good="irate(y[{{.window}}])"), "error: irate() does not count events"),
            (EventRatio("x", bad="x{}"), "error: every event is bad: the query is that of all events"),
            (EventRatio("x", good="sum(x)"), "error: every event is good"),
            (EventRatio("x_count", good="x_bucket"), "error: x_bucket without le counts an event once for each bucket"),
            (EventRatio("x_count", good='x_bucket{le=~"1|2"}'), 'error: le=~"1|2" selects 2 buckets'),
            (EventRatio("x_count", good='x_bucket{le!="2"}'), 'warning: le!="2" may select several buckets'),
            (EventRatio("x_count", good='x_bucket{le="1"}'), 'warning: le="1" finds the bucket as one version'),
            (EventRatio("DCGM_FI_DEV_XID_ERRORS", bad="y"), "error: increase() of DCGM_FI_DEV_XID_ERRORS, which is no"),
            (RawRatio("rate(DCGM_FI_DEV_XID_ERRORS[5m])"), "error: rate() of DCGM_FI_DEV_XID_ERRORS, which is no"),
            (GaugeThreshold("max(rate(DCGM_FI_DEV_XID_ERRORS[5m]))", "lt", 1, 60), "error: rate() of DCGM"),
            (RawRatio("sum by (a) (x)"), "error: the query gives a series for each group"),
            (RawRatio("x[5m]"), "error: the query gives no number at a moment"),
            (RawRatio("1"), "error: the query reads no series"),
            (RawRatio("sum(irate(x[5m]))"), "error: irate sees the last two samples"),
            (RawRatio("sum(rate(a[{{.window}}])) / sum(rate(b[5m]))"), "error: the query has {{.window}} and a fixed"),
            (RawRatio("sum(rate(a_bucket[5m])) / sum(rate(b[5m]))"), "error: a_bucket without le"),
            (GaugeThreshold("max by (a) (x)", "lt", 1, 60), "warning: the query gives a series for each group"),
            (EventRatio("sum(increase(x[{{.window}}])) or vector(0)", bad="y"), "warning: the total is never absent"),
            (EventRatio("x", bad="sum(increase(y[{{.window}}])) == bool 0"), "error: the result of a comparison is no"),
            (EventRatio("x", bad=f"({LATE}) or vector(0)"), "warning: `or vector(0)` stands for all of several series"),
            (EventRatio("x", bad=f"{FAILED} + {FAILED.replace('f{}', 'g')}"), "warning: nothing is known of the SLO"),
            (RawRatio("avg(info(x))"), "warning: Prometheus 2.42 does not know info(), and would load none"),
            (GaugeThreshold("sum(limitk(2, x))", "lt", 1, 60), "warning: Prometheus 2.42 does not know limitk()"),
            (RawRatio('avg({"a.b"})'), 'warning: Prometheus 2.42 does not know the name "a.b"'),
            (EventRatio("x", bad='x{"a.b"="c"}'), 'warning: Prometheus 2.42 does not know the name "a.b"'),
            (LatencyThreshold("x_bucket", 1), "error: x_bucket is a part of a histogram"),
            (LatencyThreshold("x", 0), "error: 0 is no threshold of a latency"),
        ],
    )
    def test_a_query_that_does_not_say_what_is_meant_is_told(self, indicator: Indicator, expected: str) -> None:
        (line,) = of(indicator)
        assert line.startswith(expected)

    @pytest.mark.parametrize(
        "indicator",
        [
            EventRatio("x_count", good='x_bucket{le=~"1|1\\\\.0"}'),
            EventRatio("x_count", good='x_bucket{le="0.5"}'),
            RawRatio("max(x)"),
            RawRatio("sum(changes(DCGM_FI_DEV_XID_ERRORS[5m]) > bool 0)"),
            GaugeThreshold("max(DCGM_FI_DEV_XID_ERRORS)", "lte", 0, 60),
            GaugeThreshold("histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m])))", "lt", 1, 60),
            EventRatio("x", bad=LATE.replace(" -", " - (") + " or vector(0))"),
            EventRatio("x", bad="sum(rate(y[{{.window}}])) or vector(0)"),
            EventRatio("x", bad=f"{LATE} + ({FAILED} or vector(0))"),
            LatencyThreshold('x{job="a"}', 0.5),
        ],
    )
    def test_a_query_that_says_what_it_means_passes(self, indicator: Indicator) -> None:
        assert of(indicator) == []


class TestLabels:
    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("slo", "the label slo is reserved: the rules set it; rename it"),
            (
                "severity",
                "severity is a label of each tier; set it by mlchaos.io/severity.<tier> (Sloth: in page_alert)",
            ),
            ("7up", "'7up' is no name of a label; use letters, digits and _, and no digit first"),
            ("__x", "'__x' is no name of a label; use letters, digits and _, and no digit first"),
        ],
    )
    def test_labels_that_alerts_cannot_have_are_told(self, name: str, expected: str) -> None:
        assert said(slo(alerting={"labels": {name: "x", "team": "ml"}})) == [f"error: {expected}"]

    def test_labels_and_annotations_of_a_tier_are_looked_at_too(self) -> None:
        tier = TierAlert("page", labels={"window": "x"}, annotations={"a-b": "x"})
        problems: list[Problem] = lint(SloSet((slo(window=30 * DAY, alerting={"tiers": {"fast-page": tier}}),)))
        assert [problem.message for problem in problems] == [
            "the label window is reserved: the rules set it",
            "'a-b' is no name of an alert's annotation",
        ]

    def test_a_template_that_would_keep_prometheus_from_loading_any_rule_is_told(self) -> None:
        annotations = {"good": "{{ $value }}", "bad": "{{ $valeu }}", "worse": "{{ if"}
        lines = said(slo(alerting={"annotations": annotations, "labels": {"team": "{{ end }}"}}))
        assert len(lines) == 3
        assert all(line.startswith("error: Prometheus would load no rule with this template: ") for line in lines)
