"""Calendar windows: where they begin, by the clocks of their time zone; what is summed in them."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from clients.prometheus import Known, Prometheus, Unknown
from lab.servers import find_program
from slos.model import CalendarWindow
from slos.rules.calendar import TABLE_ENDS, beginnings, longest_seconds, start_rule
from slos.rules.compile import RecordingRule, compile_slo
from slos.rules.names import BAD_EVENTS, CALENDAR_START, EVENTS, WINDOW_COVERAGE
from slos.tiers import DAY, HOUR
from tests.backfill import backfilled
from tests.slos.rules.declared import slo

BERLIN = ZoneInfo("Europe/Berlin")
MONTH = CalendarWindow("month", "Europe/Berlin", 1)
FISCAL_QUARTER = CalendarWindow("quarter", "America/New_York", 2)
SUNDAY_WEEK = CalendarWindow("week", "Europe/Berlin", 6)
WINDOWS = [MONTH, FISCAL_QUARTER, SUNDAY_WEEK, CalendarWindow("quarter", "UTC", 12)]


def berlin(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp())


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: f"{window.unit} {window.first} {window.time_zone}")
def test_windows_begin_at_midnight_of_their_zone_and_leave_no_gap(window: CalendarWindow) -> None:
    starts = [datetime.fromtimestamp(start, ZoneInfo(window.time_zone)) for start in beginnings(window)]

    assert all((start.hour, start.minute, start.second) == (0, 0, 0) for start in starts)
    assert starts[0].date() <= date(2025, 1, 1)
    assert starts[-1].date() >= TABLE_ENDS
    if window.unit == "week":
        assert {start.weekday() for start in starts} == {window.first}
        assert {later.date() - earlier.date() for earlier, later in pairwise(starts)} == {timedelta(days=7)}
    else:
        months = 1 if window.unit == "month" else 3
        assert {start.day for start in starts} == {1}
        assert {(start.month - window.first) % months for start in starts} == {0}


def test_the_longest_month_has_31_days_and_the_hour_that_comes_twice() -> None:
    assert longest_seconds(MONTH) == 31 * DAY + HOUR
    assert longest_seconds(SUNDAY_WEEK) == 7 * DAY + HOUR
    assert longest_seconds(CalendarWindow("month", "UTC", 1)) == 31 * DAY


def test_with_a_time_scale_a_calendar_window_is_its_nominal_length_and_keeps_its_label() -> None:
    short, long = compile_slo(slo(window=MONTH), 60)

    (events,) = [rule for rule in long.rules if _is(rule, EVENTS, "month")]
    assert "[11h59m59s999ms:5s]" in events.expr
    assert not any(CALENDAR_START in rule.expr for rule in (*short.rules, *long.rules))


def _is(rule: object, record: str, window: str) -> bool:
    return isinstance(rule, RecordingRule) and rule.record == record and rule.labels.get("window") == window


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory, module_octet: int) -> Iterator[Prometheus]:
    """Ten events in every five minutes from September to December 2026, of which one is bad in October only."""
    lines = []
    for metric in ("slo:events", "slo:bad_events", CALENDAR_START):
        lines.append(f"# TYPE {metric} gauge")
        for at in range(berlin("2026-09-20"), berlin("2026-11-02"), 300):
            october = berlin("2026-10-01") < at <= berlin("2026-11-01")
            if metric == CALENDAR_START:
                start = max(start for start in beginnings(MONTH) if start <= at)
                labels, value = 'calendar="month",time_zone="Europe/Berlin",first="1"', float(start)
            else:
                labels, value = 'slo="chat",service="gateway",window="5m"', 10.0 if metric == EVENTS else float(october)
            lines.append(f"{metric}{{{labels}}} {value} {at}")
    text = "\n".join([*lines, "# EOF\n"])
    with backfilled(tmp_path_factory.mktemp("calendar"), module_octet, text) as url, Prometheus(url) as client:
        yield client


@pytest.mark.lab
@pytest.mark.needs("prometheus")
@pytest.mark.skipif(find_program("promtool") is None, reason="no promtool: chaos lab servers --bring")
class TestOnPrometheus:
    @pytest.mark.parametrize("window", WINDOWS, ids=lambda window: f"{window.unit} {window.time_zone}")
    def test_the_rule_knows_the_present_window_to_the_millisecond(
        self, prometheus: Prometheus, window: CalendarWindow
    ) -> None:
        rule, starts = start_rule(window), beginnings(window)
        for start, following in list(pairwise(starts))[:: len(starts) // 4]:
            for at in (start, (start + following) / 2, following - 0.001):
                assert prometheus.value(rule.expr, at) == Known(start, at)

    def test_after_the_table_nothing_is_known(self, prometheus: Prometheus) -> None:
        rule, end = start_rule(MONTH), beginnings(MONTH)[-1]
        assert isinstance(prometheus.value(rule.expr, end), Unknown)
        assert isinstance(prometheus.value(rule.expr, beginnings(MONTH)[0] - 1), Unknown)

    @pytest.mark.parametrize(
        ("at", "slices", "bad", "covered"),
        [
            ("2026-10-01T00:05", 1, 1, 1),
            ("2026-10-25T12:00", (24 * 24 + 13) * 12, (24 * 24 + 13) * 12, 1),
            ("2026-10-31T23:59", (31 * 24 + 1) * 12 - 1, (31 * 24 + 1) * 12 - 1, 1),
            ("2026-11-01T00:10", 2, 0, 1),
        ],
    )
    def test_a_month_sums_its_own_slices_also_when_the_clocks_are_put_back(
        self, prometheus: Prometheus, at: str, slices: int, bad: int, covered: float
    ) -> None:
        _, long = compile_slo(slo(window=MONTH))
        found = {
            rule.record: prometheus.value(rule.expr, berlin(at))
            for rule in long.rules
            if isinstance(rule, RecordingRule) and rule.labels.get("window", "month") == "month"
        }

        assert found == {
            EVENTS: Known(10 * slices, berlin(at)),
            BAD_EVENTS: Known(bad, berlin(at)),
            WINDOW_COVERAGE: Known(covered, berlin(at)),
        }

    @pytest.mark.parametrize(("days", "slices"), [(1, 288), (7, 2016), (28, 8064)])
    def test_a_rolling_window_holds_each_of_its_slices_once_at_an_aligned_time_and_between(
        self, prometheus: Prometheus, days: int, slices: int
    ) -> None:
        _, long = compile_slo(slo(window=days * DAY))
        (events,) = [rule for rule in long.rules if _is(rule, EVENTS, f"{days}d")]
        for at in (berlin("2026-10-31"), berlin("2026-10-31") + 0.001, berlin("2026-10-31") + 299.999):
            assert prometheus.value(events.expr, at) == Known(10 * slices, at)

    def test_a_window_longer_than_the_data_knows_how_much_there_is(self, prometheus: Prometheus) -> None:
        _, long = compile_slo(slo(window=90 * DAY))
        (coverage,) = [rule for rule in long.rules if isinstance(rule, RecordingRule) and "coverage" in rule.record]
        at = berlin("2026-09-20") + 9 * DAY - 300
        assert prometheus.value(coverage.expr, at) == Known(0.1, at)
