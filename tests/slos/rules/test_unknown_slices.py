"""Slices of which something is not known, on the real promtool: they weigh nothing, and are never good ones."""

from pathlib import Path

import pytest

from slos.model import AbsentAlert, EventRatio
from slos.rules.compile import compile_slos
from tests.slos.rules.declared import slo
from tests.slos.rules.promtool import Case, needs_promtool, run

pytestmark = [pytest.mark.lab, pytest.mark.needs("prometheus"), needs_promtool]

RATIO = EventRatio("requests_total", bad="errors_total")
A_TENTH = 'round(sum(slo:burn_rate{slo="chat",window="1d"}), 0.1)'
THREE_QUARTERS = 'round(sum(slo:window_coverage:ratio{slo="chat"}), 0.05)'


def with_a_hole(step: int, hole: str) -> str:
    """A day of a counter at a sample per minute, with six hours of something else in it."""
    return f"0+{step}x360 {' '.join([hole] * 360)} 0+{step}x719"


CASES = [
    Case(
        "errors that are no number for six hours leave those hours out, and somebody is told",
        compile_slos([slo(indicator=RATIO, absent=AbsentAlert("page"))]),
        {"requests_total": "0+10x1440", "errors_total": with_a_hole(1, "NaN")},
        {
            ("24h", A_TENTH): 100,
            ("24h", THREE_QUARTERS): 0.75,
            ("9h", 'count(slo:burn_rate{slo="chat",window="5m"})'): None,
            ("9h", 'count(ALERTS{alertname="ChatSliAbsent",alertstate="firing"})'): 1,
        },
        evaluation="5m",
    ),
    Case(
        "a total that runs to infinity for six hours leaves those hours out",
        compile_slos([slo(indicator=RATIO)]),
        {"requests_total": with_a_hole(10, "Inf"), "errors_total": "0+1x1440"},
        {("24h", A_TENTH): 100, ("24h", THREE_QUARTERS): 0.75},
        evaluation="5m",
    ),
]


def test_what_is_not_known_is_not_good(tmp_path: Path) -> None:
    assert run(CASES, tmp_path) == {case.name: "SUCCESS" for case in CASES}
