"""SLIs read from samples: what is good, what is unknown, what is not there yet."""

import pytest

from clients.prometheus import Known, Sample, Series, Unknown
from probes.sli import Counts, DeclarationError, EventRatio, LatencyShare, Measured, NotYet, measure

AVAILABILITY = EventRatio("availability", "http_requests_total", 'job="gateway"', {"status": "5.."})
FIRST_TOKEN = LatencyShare("first token in time", "vllm:time_to_first_token_seconds", "", 0.5)


def counter(status: str, *values: float, start: float = 0.0) -> Series:
    """One sample per second from `start` on."""
    return Series({"status": status}, [Sample(start + second, value) for second, value in enumerate(values)])


def bucket(edge: str, *values: float) -> Series:
    return Series({"le": edge}, [Sample(float(second), value) for second, value in enumerate(values)])


@pytest.mark.parametrize("status", ["503", "5xx"])
def test_failed_requests_lower_the_share(status: str) -> None:
    found = measure(AVAILABILITY, [counter("200", 0, 5, 9), counter(status, 0, 0, 1)], 0, 2)
    assert found == Measured(Counts(9, 10), Known(0.9, 2))


def test_no_series_of_failures_is_no_failures() -> None:
    found = measure(AVAILABILITY, [counter("200", 0, 5, 10)], 0, 2)
    assert found == Measured(Counts(10, 10), Known(1.0, 2))


def test_a_label_that_no_series_has_is_a_mistake_and_not_health() -> None:
    mistyped = EventRatio("availability", "http_requests_total", "", {"code": "5.."})
    with pytest.raises(DeclarationError, match=r"'code'.*take one of status"):
        measure(mistyped, [counter("200", 0, 5, 9), counter("503", 0, 0, 1)], 0, 2)


def test_a_first_failure_in_the_window_is_seen_although_its_series_is_new() -> None:
    found = measure(AVAILABILITY, [counter("200", 0, 5, 9), counter("503", 1, start=2.0)], 0, 2)
    assert isinstance(found, Measured)
    assert found.counts.bad == 1


def test_no_traffic_is_unknown_and_not_healthy() -> None:
    found = measure(AVAILABILITY, [counter("200", 7, 7, 7)], 0, 2)
    assert isinstance(found, Measured)
    assert isinstance(found.share, Unknown)
    assert "no traffic" in found.share.reason


def test_no_series_at_all_is_not_healthy() -> None:
    found = measure(AVAILABILITY, [], 0, 2)
    assert isinstance(found, NotYet)
    assert 'http_requests_total{job="gateway"}' in found.reason


def test_a_window_that_is_half_empty_is_not_read() -> None:
    found = measure(AVAILABILITY, [counter("200", 0, 5, 10, start=3)], 0, 5)
    assert isinstance(found, NotYet)
    assert "only 2.0 of 5.0 s" in found.reason


def test_old_samples_are_not_read_as_if_they_were_new() -> None:
    found = measure(AVAILABILITY, [counter("200", 0, 5, 10)], 0, 60)
    assert isinstance(found, NotYet)
    assert "58.0 s old" in found.reason


def test_an_event_is_bad_only_when_every_label_says_so() -> None:
    sli = EventRatio("x", "m", "", {"status": "5..", "handler": "/v1/.*"})
    series = [Series({"status": "500", "handler": "/metrics"}, [Sample(0, 0), Sample(1, 1)])]
    assert sli.counts(series, 0, 1) == Counts(1, 1)


def test_bad_events_must_be_declared() -> None:
    with pytest.raises(DeclarationError, match="say which events are bad"):
        EventRatio("availability", "m", "", {})


def test_a_broken_regular_expression_is_named() -> None:
    with pytest.raises(DeclarationError, match=r"bad\.status: '\(' is no regular expression"):
        EventRatio("availability", "m", "", {"status": "("})


def test_the_share_within_a_threshold_is_read_at_its_bucket() -> None:
    found = measure(FIRST_TOKEN, [bucket("0.25", 0, 4), bucket("0.5", 0, 9), bucket("+Inf", 0, 10)], 0, 1)
    assert found == Measured(Counts(9, 10), Known(0.9, 1))


def test_a_threshold_that_is_no_bucket_edge_is_refused_with_the_edges() -> None:
    sli = LatencyShare("first token in time", "ttft", "", 0.4)
    with pytest.raises(DeclarationError, match=r"0\.4 s is no bucket edge of ttft.*take one of 0\.25, 0\.5"):
        measure(sli, [bucket("0.25", 0, 4), bucket("0.5", 0, 9), bucket("+Inf", 0, 10)], 0, 1)
