"""What only a live Prometheus tells of SLOs."""

from dataclasses import replace

import pytest

from runner.slo.live_checks import check_live
from runner.slo.live_checks.retention import kept_seconds, retention_problems
from slos.model import CalendarWindow, EventRatio, GaugeThreshold, Indicator, LatencyThreshold, RawRatio, Slo
from slos.tiers import DAY
from tests.runner.slo.live_checks.fake_metadata import FakeMetadata, series
from tests.slos.rules.declared import slo

REQUESTS = [series("requests_total", code=code, job="gw") for code in ("200", "404")]
BUCKETS = [series("ttft_seconds_bucket", le=edge, job="llm") for edge in ("0.5", "1.0", "2.5", "+Inf")]
LATENCY = [*BUCKETS, series("ttft_seconds_count", job="llm")]
SERIES = [*REQUESTS, *LATENCY, series("queue_depth", pod="a"), series("queue_depth", pod="b")]
LEFT = "leave it so if nothing bad has happened yet; else correct it"
CORRECT = "correct it, or look whether what exports it runs and is scraped"


def checked(*slos: Slo, metadata: FakeMetadata | None = None, time_scale: float = 1.0) -> list[str]:
    """Level, message and remedy of each problem."""
    found = check_live(slos, metadata or FakeMetadata(SERIES), time_scale).problems
    return [f"{problem.level}: {problem.message}; {problem.remedy}" for problem in found]


def of(indicator: Indicator) -> list[str]:
    return checked(slo(indicator=indicator))


@pytest.mark.parametrize(
    "indicator",
    [
        EventRatio("requests_total", bad='requests_total{code=~"4.."}'),
        EventRatio(
            "sum(rate(requests_total[{{.window}}]))", good='sum(rate(requests_total{code!~"5.."}[{{.window}}]))'
        ),
        LatencyThreshold('ttft_seconds{job="llm"}', 1),
        EventRatio("ttft_seconds_count", good='ttft_seconds_bucket{le="0.5"}'),
        GaugeThreshold("max(queue_depth)", "lt", 5, 60),
        GaugeThreshold('scalar(queue_depth{pod="a"})', "lt", 5, 60),
        GaugeThreshold("absent(nothing) + max(queue_depth)", "lt", 5, 60),
        EventRatio("requests_total", bad='requests_total{code="404",region=""}'),
    ],
)
def test_what_matches_series_passes(indicator: Indicator) -> None:
    assert of(indicator) == []


class TestSelectors:
    def test_a_metric_that_does_not_exist_is_an_error_that_names_one_like_it(self) -> None:
        assert of(EventRatio("request_total", bad="requests_total")) == [
            "error: there is no metric request_total; did you mean requests_total?"
        ]

    def test_no_metric_that_is_like_it_is_a_question_of_scraping(self) -> None:
        assert of(GaugeThreshold("zzz", "lt", 1, 60)) == [
            "error: there is no metric zzz; look whether what exports it runs and is scraped"
        ]

    def test_a_problem_of_two_selectors_of_one_query_is_told_once(self) -> None:
        lines = of(RawRatio('sum(rate(gone{a="1"}[5m])) / sum(rate(gone[5m]))'))
        assert lines == ["error: there is no metric gone; look whether what exports it runs and is scraped"]

    @pytest.mark.parametrize(
        "indicator",
        [
            EventRatio("requests_total", bad='requests_total{code=~"5.."}'),
            RawRatio('sum(rate(requests_total{code=~"5.."}[{{.window}}])) / sum(rate(requests_total[{{.window}}]))'),
        ],
    )
    def test_bad_events_that_never_happened_are_a_warning(self, indicator: Indicator) -> None:
        why = 'requests_total{code=~"5.."} matches no series: code=~"5.." holds for none, code is 200, 404'
        assert of(indicator) == [f"warning: {why}; {LEFT}"]

    def test_good_events_that_never_happened_are_an_error(self) -> None:
        why = 'requests_total{code=~"3.."} matches no series: code=~"3.." holds for none, code is 200, 404'
        assert of(EventRatio("requests_total", good='requests_total{code=~"3.."}')) == [f"error: {why}; {CORRECT}"]

    def test_bad_events_of_nothing_are_an_error(self) -> None:
        lines = of(EventRatio('requests_total{job="x"}', bad='requests_total{code="500",job="x"}'))
        assert [line.split(":")[0] for line in lines] == ["error", "error"]

    def test_a_label_that_no_series_has_is_an_error_that_names_those_there_are(self) -> None:
        assert of(EventRatio("requests_total", bad='requests_total{status=~"5.."}')) == [
            "error: no series of requests_total has the label status; use one of those that it has: code, job"
        ]

    def test_a_negative_condition_on_a_label_that_no_series_has_is_an_error_though_it_matches(self) -> None:
        (line,) = of(EventRatio("requests_total", good='requests_total{status!~"5.."}'))
        assert line == (
            'error: no series of requests_total has the label status, so status!~"5.." leaves nothing out; use one of '
            "those that it has: code, job"
        )

    def test_conditions_that_never_hold_together_are_told(self) -> None:
        now = [series("x_total", a="1", b="1"), series("x_total", a="2", b="2")]
        (line,) = checked(slo(indicator=EventRatio("x_total", good='x_total{a="1",b="2"}')), metadata=FakeMetadata(now))
        assert line.startswith(
            'error: x_total{a="1",b="2"} matches no series, though each of its conditions does alone'
        )

    def test_series_of_within_the_day_are_a_warning(self) -> None:
        metadata = FakeMetadata(now=REQUESTS, before=[series("steps_total")])
        (line,) = checked(slo(indicator=EventRatio("requests_total", good="steps_total")), metadata=metadata)
        assert line == (
            "warning: steps_total matches no series at present, though it did within the last 1d; look whether what "
            "exports it runs and is scraped"
        )

    def test_what_prometheus_does_not_take_for_a_query_is_an_error(self) -> None:
        metadata = FakeMetadata(SERIES, refused='"a.b"')
        (line,) = checked(slo(indicator=EventRatio("requests_total", bad='{"a.b"}')), metadata=metadata)
        assert line == 'error: count({"a.b"}) is refused; correct the query'


class TestBuckets:
    def test_a_threshold_between_edges_names_the_edges_and_the_nearest(self) -> None:
        assert of(LatencyThreshold("ttft_seconds", 0.75)) == [
            "error: 0.75 is no bucket edge of ttft_seconds: its edges are 0.5, 1, 2.5, +Inf; write 0.5 or 1"
        ]

    def test_an_edge_beyond_all_names_the_last(self) -> None:
        assert of(LatencyThreshold("ttft_seconds", 60))[0].endswith("; write 2.5")

    def test_an_edge_in_a_query_is_looked_for_too(self) -> None:
        (line,) = of(EventRatio("ttft_seconds_count", good='ttft_seconds_bucket{le="0.75"}'))
        assert 'le="0.75" is no bucket edge, which are written 0.5, 1.0, 2.5, +Inf' in line
        assert line.startswith("error")

    def test_an_edge_that_some_series_lack_is_a_warning(self) -> None:
        now = [*LATENCY, *(series("ttft_seconds_bucket", le=edge, job="b") for edge in ("0.5", "+Inf"))]
        (line,) = checked(slo(indicator=LatencyThreshold("ttft_seconds", 1)), metadata=FakeMetadata(now))
        assert line.startswith("warning: 1 of the series that ttft_seconds selects have no bucket edge 1, so that all")

    def test_a_histogram_that_is_not_there_is_told_once(self) -> None:
        (line,) = of(LatencyThreshold("e2e_seconds", 1))
        assert line.startswith("error: there is no metric e2e_seconds_count")

    def test_a_histogram_without_classic_buckets_is_told(self) -> None:
        metadata = FakeMetadata([series("ttft_seconds_count")])
        (line,) = checked(slo(indicator=LatencyThreshold("ttft_seconds", 1)), metadata=metadata)
        assert line.startswith("error: ttft_seconds has no buckets")


class TestTypes:
    def test_a_gauge_that_is_taken_for_a_counter_is_an_error(self) -> None:
        metadata = FakeMetadata(SERIES, types={"queue_depth": frozenset({"gauge"})})
        (line,) = checked(slo(indicator=RawRatio("sum(rate(queue_depth[5m]))")), metadata=metadata)
        assert line == (
            "error: rate() of queue_depth, which is no counter: it is a gauge, say the targets that export it; select "
            "a counter, or judge its value with a thresholdMetric (a gauge threshold)"
        )

    def test_a_metric_that_one_target_calls_a_counter_is_one(self) -> None:
        metadata = FakeMetadata(SERIES, types={"requests_total": frozenset({"gauge", "counter"})})
        assert (
            checked(slo(indicator=EventRatio("requests_total", good='requests_total{code="200"}')), metadata=metadata)
            == []
        )


class TestValues:
    def test_a_gauge_of_several_series_is_a_warning(self) -> None:
        (line,) = of(GaugeThreshold("queue_depth", "lt", 5, 60))
        assert line.startswith("warning: the query gives 2 series at present, of which the worst decides")


class TestRetention:
    def test_a_window_longer_than_the_retention_is_an_error(self) -> None:
        metadata = FakeMetadata(SERIES, kept="15d or 10GiB")
        good = EventRatio("requests_total", good='requests_total{code="200"}')
        assert checked(slo(indicator=good, window=15 * DAY), metadata=metadata) == []
        (line,) = checked(slo(indicator=good, window=30 * DAY), metadata=metadata)
        assert line == (
            "error: the window needs 30d of samples, and this Prometheus keeps 15d or 10GiB; keep samples longer "
            "(--storage.tsdb.retention.time), make the window shorter, or, where rules have a time scale, give it with "
            "--time-scale"
        )

    def test_slos_with_windows_of_one_length_are_one_problem_that_names_them(self) -> None:
        indicator = LatencyThreshold("ttft_seconds", 1)
        found = [
            replace(slo(indicator=indicator, window=days * DAY), name=name)
            for name, days in (("a", 28), ("b", 28), ("c", 30))
        ]
        first, second = (problem.message for problem in retention_problems(found, "15d", 1))
        assert first == "the windows of a, b need 28d of samples each, and this Prometheus keeps 15d"
        assert second == "the window needs 30d of samples, and this Prometheus keeps 15d"
        assert list(retention_problems(found, "15d", 60)) == []

    def test_a_month_needs_its_longest(self) -> None:
        month = slo(indicator=LatencyThreshold("ttft_seconds", 1), window=CalendarWindow("month", "UTC", 1))
        assert checked(month, metadata=FakeMetadata(SERIES, kept="31d")) == []
        (line,) = checked(month, metadata=FakeMetadata(SERIES, kept="30d"))
        assert "needs 31d of samples" in line

    def test_a_query_that_reaches_back_further_is_an_error(self) -> None:
        query = "max(max_over_time(queue_depth[20d]))"
        (line,) = checked(slo(indicator=RawRatio(query)), metadata=FakeMetadata(SERIES, kept="15d"))
        assert line.startswith("error: the query reaches back 20d, and this Prometheus keeps 15d")

    def test_a_time_scale_shortens_the_windows(self) -> None:
        good = EventRatio("requests_total", good='requests_total{code="200"}')
        kept = FakeMetadata(SERIES, kept="12h")
        assert checked(slo(indicator=good, window=30 * DAY), metadata=kept, time_scale=60) == []

    @pytest.mark.parametrize(
        ("kept", "seconds"), [("15d", 15 * DAY), ("10GiB", None), ("", None), ("1w or 1B", 7 * DAY)]
    )
    def test_retention_is_read_as_prometheus_writes_it(self, kept: str, seconds: float | None) -> None:
        assert kept_seconds(kept) == seconds


def test_what_a_server_does_not_tell_is_said() -> None:
    unchecked = check_live((), FakeMetadata(kept=None, types=None)).unchecked
    assert [note.partition(" does not ")[2].partition(":")[0] for note in unchecked] == [
        "say how long it keeps samples",
        "serve the types of metrics",
    ]
