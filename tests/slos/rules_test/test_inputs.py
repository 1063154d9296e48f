import pytest

from slos.model import EventRatio, GaugeThreshold, Indicator, LatencyThreshold, RawRatio
from slos.rules_test.evaluate import UnderivableError
from slos.rules_test.inputs import Inputs, derive

W = "{{.window}}"
SHARE_OF_THE_WINDOW = f"(count_over_time((max(up) or max(job))[{W}:]) / count_over_time(vector(1)[{W}:]))"


def one_instance(indicator: Indicator) -> dict[str, tuple[float | None, float | None]]:
    """What each series does when all is well and when all is bad, of one instance: selector -> twice its half."""
    found = {}
    for series in derive(indicator).series:
        labels = dict(series.labels)
        if labels.pop("instance", "a") == "a":
            name = labels.pop("__name__")
            found[name + "".join(f" {key}={value}" for key, value in sorted(labels.items()))] = (
                series.healthy,
                series.bad,
            )
    return found


@pytest.mark.parametrize(
    "indicator",
    [
        EventRatio(total="r", bad='r{code=~"5.."}'),
        EventRatio(total="r", good='r{code!~"5..|429"}'),
        EventRatio(total=f"sum(rate(r[{W}]))", bad=f'sum(rate(r{{code=~"5.."}}[{W}]))'),
        EventRatio(total=f"sum(increase(r[{W}]))", bad=f'sum(increase(r{{code="500"}}[{W}])) or vector(0)'),
    ],
)
def test_bad_events_that_are_part_of_the_whole_count_for_it(indicator: EventRatio) -> None:
    assert one_instance(indicator) == {"r code=500": (0, 0.5), "r code=200": (0.5, 0)}


def test_bad_events_of_a_metric_of_their_own_do_not() -> None:
    assert one_instance(EventRatio(total="all_total", bad="errors_total")) == {
        "all_total": (0.5, 0.5),
        "errors_total": (0, 0.5),
    }


def test_a_total_that_is_a_sum_is_solved_for() -> None:
    indicator = EventRatio(
        total=f"sum(increase(ok[{W}])) + sum(increase(failed[{W}]))", bad=f"sum(increase(failed[{W}]))"
    )
    assert one_instance(indicator) == {"ok": (0.5, 0), "failed": (0, 0.5)}


def test_a_histogram_has_the_bucket_of_the_threshold_and_a_count() -> None:
    assert one_instance(LatencyThreshold('ttft{model="m"}', 0.5)) == {
        "ttft_count model=m": (0.5, 0.5),
        "ttft_bucket le=0.5 model=m": (0.5, 0),
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"sum(rate(e[{W}])) / sum(rate(t[{W}]))", {"e": (0, 1), "t": (1, 1)}),
        (f'1 - sum(rate(t{{ok="1"}}[{W}])) / sum(rate(t[{W}]))', {"t ok=1": (1, 0), "t ok=200": (0, 1)}),
        ("1 - up_ratio", {"up_ratio": (1, 0)}),
        (f"avg_over_time(errors[{W}])", {"errors": (0, 1)}),
        (f"1 - sum(rate(done[{W}])) / {SHARE_OF_THE_WINDOW}", {"done": (1, 0), "up": (1, 1)}),
    ],
)
def test_a_raw_ratio_is_made_of_counters_or_is_a_gauge(query: str, expected: object) -> None:
    assert one_instance(RawRatio(query)) == expected


@pytest.mark.parametrize(
    ("query", "comparison", "value"),
    [
        ("age_seconds", "lt", 1800),
        ("time() - max(last > 0)", "lte", 900),
        ("min(up)", "gte", 1),
        ("sum(rate(tokens_total[1m]))", "gt", 0),
        ('max(step{rank="0"}) / scalar(avg(step))', "lt", 1.5),
        ('count(xid{code!=""}) - (count(xid{code!="", code!~"48|79"}) or vector(0))', "lte", 0),
        (f"sum((sum by (pod) (increase(n[{W}])) == bool 0) * (sum by (pod) (a + b) > bool 0))", "lte", 0),
    ],
)
def test_a_gauge_gets_a_good_state_and_a_bad_one(query: str, comparison: str, value: float) -> None:
    inputs = derive(GaugeThreshold(query, comparison, value, 60))  # type: ignore[arg-type]
    assert [series for series in inputs.series if series.healthy != series.bad]


def test_a_query_that_looks_back_is_known_to_notice_late() -> None:
    inputs = derive(GaugeThreshold("sum(rate(tokens_total[1m]))", "gt", 0, 60))
    assert (inputs.lag_seconds, inputs.least_range_seconds) == (60, 60)
    assert derive(GaugeThreshold("up", "gte", 1, 60)).lag_seconds == 0


def test_what_was_long_ago_can_only_have_been_after_1970() -> None:
    assert derive(GaugeThreshold("time() - max(last > 0)", "lte", 900, 60)).lead_seconds >= 900


def test_only_what_gives_nothing_without_traffic_can_be_quiet() -> None:
    def quiet(indicator: Indicator) -> Inputs:
        return derive(indicator)

    assert quiet(EventRatio(total="t", bad="e")).quiet
    assert quiet(RawRatio(f"sum(rate(e[{W}])) / sum(rate(t[{W}]))")).quiet
    assert not quiet(RawRatio(f"1 - sum(rate(busy_seconds[{W}]))")).quiet


def test_a_query_that_counts_steps_is_exact_only_where_it_has_data_throughout() -> None:
    assert derive(RawRatio(f"1 - sum(rate(done[{W}])) / {SHARE_OF_THE_WINDOW}")).counts_steps
    assert not derive(RawRatio(f"1 - sum(rate(done[{W}]))")).counts_steps


@pytest.mark.parametrize(
    ("indicator", "reason"),
    [
        (
            GaugeThreshold("histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m])))", "lt", 1, 60),
            "histogram_quantile",
        ),
        (GaugeThreshold("vector(1)", "lt", 1, 60), "no level"),
        (GaugeThreshold("count_over_time((up == 1)[5m:])", "gte", 3, 60), "step that the server gives"),
        (GaugeThreshold("count_over_time((up == 1)[5m:1m])", "gte", 3, 60), "subquery with a step"),
        (EventRatio(total='r{code="200"}', bad='r{code="200"}'), "for the whole, and for bad"),
        (EventRatio(total='r{code="200",code="500"}', bad="r"), "no series was found"),
        (RawRatio(f"sum(rate(e[{W}])) / 100"), "any number between 0 and 1"),
        (RawRatio(f"x + sum(rate(x[{W}]))"), "as a counter and as a gauge"),
    ],
)
def test_a_query_without_an_input_is_refused_with_the_reason(indicator: Indicator, reason: str) -> None:
    with pytest.raises(UnderivableError, match=reason):
        derive(indicator)
