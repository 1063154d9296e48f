"""Thirty days of uneven traffic in a real Prometheus: what the rules record is what was really counted."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from clients.prometheus import Known, Prometheus, Reading, Unknown
from slos.duration import parse_duration
from slos.model import EventRatio
from slos.rules.compile import RecordingRule, RuleGroup, compile_slo
from slos.rules.names import BAD_EVENTS, BUDGET_REMAINING, BURN_RATE, EVENTS, WINDOW_COVERAGE
from slos.rules.text import rule_file
from slos.tiers import DAY, HOUR, SLICE_SECONDS
from tests.backfill import backfilled
from tests.octets import reserved_octet
from tests.slos.rules.declared import slo
from tests.slos.rules.promtool import needs_promtool

pytestmark = [pytest.mark.lab, needs_promtool, pytest.mark.xdist_group("exact-windows")]

OBJECTIVE = 0.999
DAYS = 30
EXACT = 1e-3
BUSY, QUIET = (1000.0, 0.0005), (10.0, 0.02)
"""Requests per second and share of errors, in the first half of the window and in the second."""
SCRAPE_SECONDS = 150
SILENT = 2 * HOUR
"""Of the quiet half, so long there are no requests at all."""
HALF = DAYS * DAY / 2
TRUTH_TOTAL = 1000 * HALF + 10 * (HALF - SILENT)
TRUTH_BAD = 0.5 * HALF + 0.2 * (HALF - SILENT)


@dataclass(frozen=True)
class Filled:
    """A Prometheus with a month of history and what our rules record of it; `end` is when it ends (Unix seconds)."""

    url: str
    end: float

    def ask(self, query: str) -> Reading:
        with Prometheus(self.url, timeout=30) as prometheus:
            return prometheus.value(query, self.end)

    def known(self, query: str) -> float:
        answer = self.ask(query)
        assert isinstance(answer, Known), answer
        return answer.value


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    declared = slo("uneven", EventRatio(total="r_total", bad='r_total{code=~"5.."}'), DAYS * DAY, OBJECTIVE)
    rules = [rule for group in compile_slo(declared) for rule in group.rules if isinstance(rule, RecordingRule)]
    totals, bads = ([rule for rule in rules if rule.record == name] for name in (EVENTS, BAD_EVENTS))
    slices = [[rule for rule in some if rule.labels["window"] == "5m"] for some in (totals, bads)]
    then = [
        [rule for rule in totals if rule not in slices[0]],
        [rule for rule in bads if rule not in slices[1]] + [rule for rule in rules if rule.record == WINDOW_COVERAGE],
        [rule for rule in rules if rule.record == BURN_RATE],
        [rule for rule in rules if rule.record == BUDGET_REMAINING],
    ]
    end = time.time() // DAY * DAY
    text = _history(end)
    with (
        reserved_octet() as octet,
        backfilled(
            tmp_path_factory.mktemp("month") / "prometheus",
            octet,
            text,
            [_rules(some, SLICE_SECONDS) for some in slices],
            end - DAYS * DAY,
            [_rules(some, 10) for some in then],
        ) as url,
    ):
        yield Filled(url, end)


def _rules(rules: list[RecordingRule], interval_seconds: float) -> str:
    return rule_file([RuleGroup("uneven", interval_seconds, tuple(rules))])


def _history(end: float) -> str:
    """Counters of good and bad requests: busy days, then quiet ones with two hours of silence in them."""
    half = end - DAYS * DAY / 2
    lines: dict[str, list[str]] = {"200": [], "500": []}
    counted = {"200": 0.0, "500": 0.0}
    at = end - DAYS * DAY - HOUR
    while at <= end:
        for code, samples in lines.items():
            samples.append(f'r_total{{code="{code}"}} {counted[code]:.0f} {at:.0f}')
        rate, errors = BUSY if at < half else (0.0, 0.0) if half + DAY <= at < half + DAY + SILENT else QUIET
        counted["500"] += rate * errors * SCRAPE_SECONDS
        counted["200"] += rate * (1 - errors) * SCRAPE_SECONDS
        at += SCRAPE_SECONDS
    return "\n".join(["# TYPE r counter", *lines["200"], *lines["500"], "# EOF", ""])


def test_the_error_ratio_of_30_days_is_that_of_all_events(month: Filled) -> None:
    ratio = month.known('slo:bad_events{slo="uneven",window="30d"} / ignoring () slo:events{slo="uneven",window="30d"}')

    assert ratio == pytest.approx(TRUTH_BAD / TRUTH_TOTAL, rel=EXACT)
    assert month.known('slo:events{slo="uneven",window="30d"}') == pytest.approx(TRUTH_TOTAL, rel=EXACT)
    assert month.known('slo:bad_events{slo="uneven",window="30d"}') == pytest.approx(TRUTH_BAD, rel=EXACT)


def test_burn_and_budget_of_30_days_follow_from_it_although_some_slices_are_silent(month: Filled) -> None:
    burn = TRUTH_BAD / TRUTH_TOTAL / (1 - OBJECTIVE)

    assert month.known('slo:burn_rate{slo="uneven",window="30d"}') == pytest.approx(burn, rel=EXACT)
    assert month.known('slo:error_budget:remaining_ratio{slo="uneven"}') == pytest.approx(1 - burn, rel=EXACT)
    assert month.known('slo:window_coverage:ratio{slo="uneven"}') == pytest.approx(1, rel=EXACT)
    assert month.known('count_over_time((slo:events{slo="uneven",window="5m"} == 0)[30d:5m])') >= 2


def test_the_mean_of_the_slices_ratios_would_be_nothing_or_14_8_times_too_high(month: Filled) -> None:
    bad, events = (f'{name}{{slo="uneven",window="5m"}}' for name in (BAD_EVENTS, EVENTS))

    assert isinstance(month.ask(f"avg_over_time(({bad} / {events})[30d:5m])"), Unknown)
    naive = month.known(f"avg_over_time(({bad} / ({events} > 0))[30d:5m])")
    assert naive / (TRUTH_BAD / TRUTH_TOTAL) == pytest.approx(14.8, rel=0.01)


@pytest.mark.parametrize("window", ["1h", "6h", "1d", "3d"])
def test_shorter_windows_are_exact_too(month: Filled, window: str) -> None:
    rate, errors = QUIET

    assert month.known(f'slo:burn_rate{{slo="uneven",window="{window}"}}') == pytest.approx(
        errors / (1 - OBJECTIVE), rel=EXACT
    )
    seconds = parse_duration(window)
    assert month.known(f'slo:events{{slo="uneven",window="{window}"}}') == pytest.approx(rate * seconds, rel=EXACT)
