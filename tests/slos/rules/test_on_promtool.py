"""What the rules give, on the real promtool: each case says its series, and what is to be recorded of them."""

import json
from pathlib import Path

import pytest

from slos.lint.versions import NEWER, OLDEST
from slos.model import AbsentAlert, EventRatio, GaugeThreshold, LatencyThreshold, RawRatio
from slos.rules.compile import compile_slos
from slos.tiers import DAY, HOUR
from tests.slos.rules.declared import slo
from tests.slos.rules.promtool import Case, counter, needs_promtool, promtool, run

pytestmark = [pytest.mark.lab, pytest.mark.needs("prometheus"), needs_promtool]

OK, FAILED = 'requests_total{job="gw",code="200"}', 'requests_total{job="gw",code="503"}'
GOOD = EventRatio(total='requests_total{job="gw"}', good='requests_total{job="gw",code="200"}')
IN_TIME = "sum(increase(in_time_total[{{.window}}]))"
DIFFERENCE = EventRatio("requests_total", bad=f"sum(increase(requests_total[{{{{.window}}}}])) - {IN_TIME}")
WITH_DEFAULT = EventRatio(
    "requests_total", bad=f"sum(increase(requests_total[{{{{.window}}}}])) - ({IN_TIME} or vector(0))"
)
WINDOWED = RawRatio("sum(rate(errors_total[{{.window}}])) / sum(rate(requests_total[{{.window}}]))")


def events(window: str = "5m") -> str:
    return f'round(sum(slo:events{{slo="chat",window="{window}"}}), 0.001)'


def bad(window: str = "5m") -> str:
    return f'round(sum(slo:bad_events{{slo="chat",window="{window}"}}), 0.001)'


def burn(window: str = "5m") -> str:
    return f'round(sum(slo:burn_rate{{slo="chat",window="{window}"}}), 0.001)'


LEFT = 'round(sum(slo:error_budget:remaining_ratio{slo="chat"}), 0.001)'
COVERAGE = 'round(sum(slo:window_coverage:ratio{slo="chat"}), 0.001)'
IS_ABSENT = {"severity": "page", "slo": "chat", "service": "gateway", "window": "5m"}
BURNS = {"severity": "page", "tier": "fast-page", "slo": "chat", "service": "gateway", "window": "1h"}

CASES = [
    Case(
        "a long window is weighted by traffic, and quiet slices leave it defined",
        compile_slos([slo(window=DAY, objective=0.99)]),
        {OK: counter((360, 59_970), (360, 588), (725, 0)), FAILED: counter((360, 30), (360, 12), (725, 0))},
        {
            ("1d", events("1d")): 360 * 60_600,
            ("1d", bad("1d")): 360 * 42,
            ("1d", 'round(1e5 * sum(slo:burn_rate{slo="chat",window="1d"}))'): 6931,
            ("1d", burn("5m")): None,
            ("1d", LEFT): 0.931,
            ("1d", COVERAGE): 1,
        },
        evaluation="5m",
    ),
    Case(
        "windows of six hours and less are counted straight, and all of them agree on a steady ratio",
        compile_slos([slo(window=6 * HOUR, objective=0.9)]),
        {OK: counter((480, 95)), FAILED: counter((480, 5))},
        {("8h", burn(window)): 0.5 for window in ("5m", "30m", "1h", "2h", "6h")}
        | {("8h", events("6h")): 36_000, ("8h", burn("1d")): None, ("8h", LEFT): 0.5, ("8h", COVERAGE): 1},
        evaluation="5m",
    ),
    Case(
        "an errors' series that is not there yet is no error",
        compile_slos([slo()]),
        {OK: counter((60, 10))},
        {("1h", events()): 50, ("1h", bad()): 0, ("1h", burn()): 0},
    ),
    Case(
        "a difference that has lost a series is unknown, its total with it, and somebody is told",
        compile_slos([slo(indicator=DIFFERENCE, absent=AbsentAlert("page"))]),
        {"requests_total": counter((60, 10)), "in_time_total": counter((30, 9)) + " stale"},
        {
            ("29m", events()): 50,
            ("29m", bad()): 5,
            ("50m", events()): None,
            ("50m", bad()): None,
            ("50m", burn()): None,
            ("1h", 'count(ALERTS{alertname="ChatSliAbsent",alertstate="firing"})'): 1,
        },
    ),
    Case(
        "a difference below 0 is 0, and the events are there",
        compile_slos([slo(indicator=DIFFERENCE)]),
        {"requests_total": counter((60, 10)), "in_time_total": counter((60, 11))},
        {("1h", events()): 50, ("1h", bad()): 0, ("1h", events("30m")): 300},
    ),
    Case(
        "a difference that can do without a series takes all as bad",
        compile_slos([slo(indicator=WITH_DEFAULT)]),
        {"requests_total": counter((60, 10))},
        {("1h", events()): 50, ("1h", bad()): 50},
    ),
    Case(
        "a good events' series that is not there yet leaves all events bad",
        compile_slos([slo(indicator=GOOD)]),
        {FAILED: counter((60, 10))},
        {("1h", events()): 50, ("1h", bad()): 50, ("1h", burn()): 1000},
    ),
    Case(
        "more errors than events are as many as events",
        compile_slos([slo(indicator=EventRatio(total="requests_total", bad="retries_total"))]),
        {"requests_total": counter((60, 10)), "retries_total": counter((60, 30))},
        {("1h", events()): 50, ("1h", bad()): 50},
    ),
    Case(
        "without a total nothing is known, although there are errors, and somebody is told",
        compile_slos([slo(indicator=EventRatio("requests_total", bad="errors_total"), absent=AbsentAlert("page"))]),
        {"errors_total": counter((60, 10))},
        {("1h", events()): None, ("1h", bad()): None, ("1h", burn()): None, ("1h", LEFT): None, ("1h", COVERAGE): 0},
        {
            ("4m", "ChatSliAbsent"): [],
            ("6m", "ChatSliAbsent"): [
                (
                    IS_ABSENT,
                    {
                        "summary": "chat has no data",
                        "description": "Nothing has been known of service gateway for 5m: no burn can be seen, and no "
                        "other alert of this SLO can fire. The query without data: requests_total\n"
                        "Are the targets up (Prometheus: Status > Targets)? Was a metric or label renamed by a "
                        "release?\nWhat this SLO knows: chaos slo status chat",
                    },
                )
            ],
        },
    ),
    Case(
        "with the last of a total its bad events are gone, at the same evaluation",
        compile_slos([slo(indicator=EventRatio("requests_total", bad="errors_total"))]),
        {"requests_total": counter((20, 10)) + " stale", "errors_total": counter((60, 10))},
        {("24m", events()): 15, ("24m", bad()): 15, ("25m", events()): None, ("25m", bad()): None},
    ),
    Case(
        "with the last of a total its good events leave none bad, at the same evaluation",
        compile_slos([slo(indicator=EventRatio("requests_total", good="answers_total"))]),
        {"requests_total": counter((20, 10)) + " stale", "answers_total": counter((60, 2))},
        {("24m", bad()): 5, ("25m", bad()): None},
    ),
    Case(
        "quiet counters are neither absent nor burning",
        compile_slos([slo(absent=AbsentAlert("page"), tiers=("fast-page",))]),
        {OK: "100x60", FAILED: "7x60"},
        {("1h", events()): 0, ("1h", bad()): 0, ("1h", burn()): None},
        {("1h", "ChatSliAbsent"): [], ("1h", "ChatBudgetBurn"): []},
    ),
    Case(
        "a restart loses no events but those before its first scrape",
        compile_slos([slo(window=DAY)]),
        {OK: counter((30, 60)) + " 0+60x30", FAILED: counter((30, 2)) + " 0+2x30"},
        {("1h", events("30m")): 29 * 62, ("33m", events()): 248, ("33m", burn()): 32.258, ("1h", burn("1h")): 32.258},
    ),
    Case(
        "a raw ratio weighs every slice the same, and one without traffic not at all",
        compile_slos([slo(indicator=WINDOWED, window=8 * HOUR, objective=0.9, absent=AbsentAlert("page"))]),
        # 2% of much, 6% of little, then nothing: 0/0.
        {
            "requests_total": counter((120, 10_000), (120, 100), (245, 0)),
            "errors_total": counter((120, 200), (120, 6), (245, 0)),
        },
        {
            ("1h", events()): 1,
            ("1h", bad()): 0.02,
            ("4h", events("6h")): 72,
            ("7h", events()): 0,
            ("7h", bad()): 0,
            ("7h", burn()): None,
            ("8h", events("8h")): 48,
            ("8h", burn("8h")): 0.4,
            ("8h", COVERAGE): 1,
        },
        {("7h", "ChatSliAbsent"): []},
        evaluation="5m",
    ),
    Case(
        "a raw ratio of the moment is looked at every minute, and is never below 0 or above 1",
        compile_slos([slo(indicator=RawRatio("error_ratio"), window=DAY, objective=0.9)]),
        {'error_ratio{a="b"}': "NaN 0x9 7x2 -1x2 0.5"},
        {
            ("14m", events()): 5,
            ("14m", bad()): 3,
            ("17m", bad()): 1.5,
            ("14m", events("30m")): 14,
            ("4m", events()): 4,
            ("0m", events()): 0,
        },
    ),
    Case(
        "a gauge is judged at the end of each slice, and one that is not a number at none",
        compile_slos([slo(indicator=GaugeThreshold("min(gpus)", "gte", 8, 60), window=DAY, objective=0.9)]),
        {'gpus{node="a"}': "8x9 NaN 7x3 8x6"},
        {
            ("9m", events("30m")): 10,
            ("13m", events()): 4,
            ("13m", bad()): 3,
            ("20m", bad("30m")): 4,
            ("20m", events("30m")): 20,
        },
    ),
    Case(
        "a gauge that is never a number is absent",
        compile_slos([slo(indicator=GaugeThreshold("lag", "lt", 8, 60), absent=AbsentAlert("ticket", 0))]),
        {"lag": " ".join(["NaN"] * 21)},
        {("20m", events()): None, ("20m", bad()): None, ("20m", 'count(ALERTS{alertname="ChatSliAbsent"})'): 1},
    ),
    Case(
        "a window shorter than a gauge's slice is quiet between the slices' ends",
        compile_slos([slo(indicator=GaugeThreshold("lag", "lt", 8, 600), absent=AbsentAlert("page", 0))]),
        {"lag": "9x60"},
        {
            ("56m", events()): 0,
            ("56m", burn()): None,
            ("52m", events()): 1,
            ("52m", bad()): 1,
            ("59m", events("1h")): 6,
            ("59m", events("30m")): 3,
        },
        {("56m", "ChatSliAbsent"): []},
    ),
    Case(
        "requests over a latency's bucket edge are bad",
        compile_slos([slo(indicator=LatencyThreshold('latency_seconds{job="gw"}', 1), objective=0.9)]),
        {
            'latency_seconds_bucket{job="gw",le="0.5"}': counter((60, 6)),
            'latency_seconds_bucket{job="gw",le="1.0"}': counter((60, 9)),
            'latency_seconds_bucket{job="gw",le="+Inf"}': counter((60, 10)),
            'latency_seconds_count{job="gw"}': counter((60, 10)),
            'latency_seconds_count{job="other"}': counter((60, 1000)),
        },
        {("1h", events()): 50, ("1h", bad()): 5, ("1h", burn("30m")): 1},
    ),
    Case(
        "without the bucket's edge all requests are over it",
        compile_slos([slo(indicator=LatencyThreshold('latency_seconds{job="gw"}', 1), objective=0.9)]),
        {
            'latency_seconds_bucket{job="gw",le="0.5"}': counter((60, 10)),
            'latency_seconds_bucket{job="gw",le="+Inf"}': counter((60, 10)),
            'latency_seconds_count{job="gw"}': counter((60, 10)),
        },
        {("1h", events()): 50, ("1h", bad()): 50, ("1h", burn("30m")): 10},
    ),
    Case(
        "a fast burn pages with all that is needed at night",
        compile_slos(
            [
                slo(
                    window=30 * DAY,
                    tiers=("fast-page",),
                    minimum_events=20,
                    display_name='Chat "answers" {{',
                    description="Chats are\nanswered.",
                    alerting={
                        "labels": {"team": "ml", "of": "{{ $labels.slo }}"},
                        "annotations": {"dashboard": "https://graphs.example/{{ $value | humanize }}"},
                        "runbook": "https://runbooks.example/chat?a={{b",
                    },
                )
            ]
        ),
        {OK: counter((20, 8)), FAILED: counter((20, 2))},
        alerts={
            ("20m", "ChatBudgetBurn"): [
                (
                    BURNS | {"team": "ml", "of": "chat"},
                    {
                        "summary": 'Chat "answers" {{ burns its error budget 200.0 times as fast as it may',
                        "description": "Over the last 1h, 20% of the events of service gateway were bad.\n"
                        "The objective of 99.9% over 30d allows 0.1%.\n"
                        "Error budget left: -19900.0%.\n"
                        "It is gone.\n"
                        "What it promises: Chats are answered.\n"
                        "Find out what spends it: chaos slo burn chat",
                        "runbook_url": "https://runbooks.example/chat?a={{b",
                        "dashboard": "https://graphs.example/200",
                    },
                )
            ]
        },
    ),
    Case(
        "with budget left the page says how long it lasts",
        compile_slos([slo(tiers=("fast-page",))]),
        {OK: counter((720, 1000), (10, 950)), FAILED: counter((720, 0), (10, 50))},
        alerts={
            ("730m", "ChatBudgetBurn"): [
                (
                    BURNS,
                    {
                        "summary": "chat burns its error budget 8.3 times as fast as it may",
                        "description": "Over the last 1h, 0.8333% of the events of service gateway were bad.\n"
                        "The objective of 99.9% over 1d allows 0.1%.\n"
                        "Error budget left: 65.5%.\n"
                        "At this rate it is gone in 1h 53m 12s.\n"
                        "Find out what spends it: chaos slo burn chat",
                    },
                )
            ]
        },
        evaluation="5m",
    ),
    Case(
        "too few events page nobody, whatever they burn",
        compile_slos([slo(tiers=("fast-page",), minimum_events=20)]),
        {OK: counter((60, 2)), FAILED: counter((60, 1))},
        {("1h", burn()): 333.333, ("1h", burn("1h")): 333.333},
        {("1h", "ChatBudgetBurn"): []},
    ),
    Case(
        "a burn that is over pages nobody, although the hour still looks bad",
        compile_slos([slo(tiers=("fast-page",))]),
        {OK: counter((60, 8)), FAILED: counter((40, 2), (20, 0))},
        {("1h", burn("1h")): 142.857},
        {("1h", "ChatBudgetBurn"): []},
    ),
    Case(
        "sixty times as fast, 5m are 5s, and one more evaluation shows it",
        compile_slos([slo(window=7 * DAY, tiers=("fast-page",))], 60),
        {OK: counter((120, 9)), FAILED: counter((120, 1))},
        {
            ("2m", events("5m")): 50,
            ("2m", events("1h")): 600,
            ("2m", burn("1h")): 100,
            ("2m", events("1d")): 1200,
            ("2m", COVERAGE): 0.012,
            ("2m", 'count(ALERTS{alertname="ChatBudgetBurn",tier="fast-page"})'): 1,
        },
        interval="1s",
        evaluation="1s",
    ),
]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return run(CASES, tmp_path_factory.mktemp("promtool"))


@pytest.mark.parametrize("name", [case.name for case in CASES])
def test_on_promtool(name: str, said: dict[str, str]) -> None:
    assert said[name] == "SUCCESS"


def test_this_prometheus_refuses_what_lint_says_it_does_not_know(tmp_path: Path) -> None:
    expressions = [*(f"{function}(up)" for function in NEWER), 'avg({"a.b"})']
    rules = [{"record": f"a:b{number}", "expr": expression} for number, expression in enumerate(expressions)]
    path = tmp_path / "rules.yml"
    path.write_text(json.dumps({"groups": [{"name": "newer", "rules": rules}]}), encoding="utf-8")
    version = promtool("--version").stdout
    if f"version {OLDEST}." not in version:
        pytest.skip(f"this promtool is not {OLDEST}: {version.splitlines()[0]}")

    said = promtool("check", "rules", str(path)).stdout

    assert said.count("unknown function") + said.count("unexpected") >= len(expressions), said
