"""Reading history for a backtest: which queries, over which time, and what comes of it."""

from collections.abc import Sequence

import pytest

from runner.slo.backtest import Span, StepError, query_count, try_slo
from slos.model import Alerting, CalendarWindow, EventRatio, RollingWindow, Slo, TierAlert, Window
from slos.problems import Place
from slos.tiers import DAY, HOUR, MINUTE
from tests.runner.slo.fake_history import FakeHistory, Value

END = 1_790_002_800.0  # 2026-09-21T15:00:00Z
BROKEN = (END - 10 * HOUR, END - 9 * HOUR)


def slo(window: Window = RollingWindow(28 * DAY)) -> Slo:  # noqa: B008 (frozen)
    tiers = {"fast-page": TierAlert("page"), "slow-page": TierAlert("page")}
    alerting = Alerting("Burn", "Absent", tiers, None)  # type: ignore[arg-type]
    return Slo("a", "s", 0.99, window, EventRatio("total_events", "bad_events"), alerting, Place("f"))


def an_hour_is_bad(query: str) -> Sequence[tuple[str, Value]]:
    if "bad_events" in query:
        return [("", lambda at: 250.0 if BROKEN[0] < at <= BROKEN[1] else 0.0)]
    return [("", lambda _: 500.0)]


def test_the_history_reaches_as_far_before_as_the_longest_alert_window() -> None:
    history = FakeHistory(an_hour_is_bad)
    span = Span(END, DAY, 5 * MINUTE)
    read = []
    try_slo(history.as_prometheus(), slo(), span, None, lambda: read.append(1))
    assert [(start, end, step) for _, start, end, step in history.ranges] == [
        (END - 30 * HOUR + 300, END, 300),
        (END - 30 * HOUR + 300, END, 300),
    ]
    assert all("[5m]" in query for query, *_ in history.ranges)
    assert len(read) == query_count([slo()], span) == 2


def test_declared_and_changed_objectives_are_tried_on_the_same_history() -> None:
    history = FakeHistory(an_hour_is_bad)
    tried = try_slo(history.as_prometheus(), slo(), Span(END, DAY, MINUTE), 0.9)
    declared, changed = tried.results
    assert (declared.objective, changed.objective) == (0.99, 0.9)
    assert {firing.tier for firing in declared.firings} == {"fast-page", "slow-page"}
    assert changed.firings == ()
    assert changed.unreachable == ("fast-page",)
    assert len(history.ranges) == 2
    assert declared.coverage == 1
    assert declared.window_read == pytest.approx(30 / 24 / 28, rel=0.01)


def test_the_declared_objective_again_is_tried_once() -> None:
    assert len(try_slo(FakeHistory(an_hour_is_bad).as_prometheus(), slo(), Span(END, DAY, 300), 0.99).results) == 1


def test_without_data_in_the_span_nothing_is_said() -> None:
    assert try_slo(FakeHistory(lambda _: []).as_prometheus(), slo(), Span(END, DAY, 300), None).results == ()
    only_before = FakeHistory(lambda _: [("", lambda at: 1.0 if at < END - DAY else None)])
    assert try_slo(only_before.as_prometheus(), slo(), Span(END, DAY, 300), None).results == ()


def test_a_calendar_budget_is_that_of_the_present_month() -> None:
    span = Span(END, 10 * DAY, 300)
    month = slo(CalendarWindow("month", "UTC", 1))
    (result,) = try_slo(FakeHistory(an_hour_is_bad).as_prometheus(), month, span, None).results
    assert result.window_read == pytest.approx(10.25 / 20.625)
    week = slo(CalendarWindow("week", "UTC", 0))  # it is Monday
    (result,) = try_slo(FakeHistory(an_hour_is_bad).as_prometheus(), week, span, None).results
    assert result.window_read == 1
    assert result.counts.total == 15 * 12 * 500


def test_a_time_scale_divides_days_steps_and_windows() -> None:
    history = FakeHistory(an_hour_is_bad)
    try_slo(history.as_prometheus(), slo(), Span(END, DAY, MINUTE, 60), None)
    query, start, _, step = history.ranges[0]
    assert "[5s]" in query
    assert (start, step) == (END - 30 * 60 + 1, 1)


@pytest.mark.parametrize(("step", "scale"), [(420, 1), (600, 1), (7, 1), (299, 1), (60, 7)])
def test_steps_that_do_not_tile_a_slice_are_refused(step: float, scale: float) -> None:
    with pytest.raises(StepError, match="into equal parts: take 5m, 1m or 30s"):
        Span(END, DAY, step, scale)


@pytest.mark.parametrize(("seconds", "scale"), [(0, 1), (float("nan"), 1), (1e9, 1), (DAY, 0.5), (DAY, float("nan"))])
def test_spans_that_are_none_are_refused(seconds: float, scale: float) -> None:
    with pytest.raises(ValueError, match="a span is"):
        Span(END, seconds, 60, scale)
