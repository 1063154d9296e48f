"""The serving probes: what they declare, what they raise, how long they wait."""

import time
from typing import Any

import pytest

from probes.reading import NoReadingError
from probes.serving import POLL_SECONDS, availability, declared, first_token_in_time, observed
from probes.sli import DeclarationError, EventRatio, LatencyShare
from tests.experiments.scripted_prometheus import Script, scripted_prometheus


class Clock:
    """The time of the probes, which passes only while they sleep."""

    def __init__(self) -> None:
        self.began = self.now = float(int(time.time()))

    def time(self) -> float:
        return self.now

    monotonic = time

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    @property
    def passed(self) -> float:
        return self.now - self.began


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("probes.serving.time", made)
    return made


def test_availability_gives_its_events_along_with_the_share() -> None:
    with scripted_prometheus(Script()) as url:
        found = availability(url, 'job="gateway"', window_seconds=2)
    assert found["share"] == 1.0
    assert found["total"] == pytest.approx(100, rel=0.2)
    assert found["window_seconds"] == 2


def test_half_of_the_requests_failing_is_half_available() -> None:
    with scripted_prometheus(Script(failing_from=time.time() - 60)) as url:
        assert availability(url, "", window_seconds=2)["share"] == pytest.approx(0.5)


def test_the_share_of_soon_first_tokens_is_read_at_the_threshold() -> None:
    with scripted_prometheus(Script(slow_from=time.time() - 60)) as url:
        assert first_token_in_time(url, "", threshold_seconds=0.5, window_seconds=2)["share"] == pytest.approx(0.5)
        assert first_token_in_time(url, "", threshold_seconds=1.0, window_seconds=2)["share"] == pytest.approx(1.0)


def test_a_threshold_between_two_edges_is_refused() -> None:
    with scripted_prometheus(Script()) as url, pytest.raises(DeclarationError, match=r"take one of 0\.1, 0\.5, 1"):
        first_token_in_time(url, "", threshold_seconds=0.3, window_seconds=2)


def test_no_traffic_is_raised_and_not_returned() -> None:
    with (
        scripted_prometheus(Script(idle_from=time.time() - 30)) as url,
        pytest.raises(NoReadingError, match="no traffic"),
    ):
        availability(url, "", window_seconds=2)


def test_data_that_do_not_come_are_waited_for_and_then_raised(clock: Clock) -> None:
    with (
        scripted_prometheus(Script(absent=True)) as url,
        pytest.raises(NoReadingError, match=r"no series match http_requests_total\{\} \(waited 6 s\)"),
    ):
        availability(url, "", window_seconds=2, fill_within_seconds=6)
    assert 6 < clock.passed <= 6 + POLL_SECONDS


def test_data_that_come_late_are_read() -> None:
    script = Script(absent=True)
    with scripted_prometheus(script) as url:

        class AppearsAtTheSecondQuery(list[str]):
            def append(self, query: str) -> None:
                script.absent = bool(not self)
                super().append(query)

        script.queries = AppearsAtTheSecondQuery()
        assert availability(url, "", window_seconds=2)["share"] == 1.0
        assert len(script.queries) == 2


def test_the_load_is_watched_for_as_long_as_was_asked(clock: Clock) -> None:
    with scripted_prometheus(Script()) as url:
        found = observed(url, "", seconds=5, settle_seconds=2)
    assert found == pytest.approx({"from": clock.began + 2, "to": clock.began + 7}, abs=0.001)


def test_a_load_that_is_not_scraped_is_not_watched_for_ever(clock: Clock) -> None:
    with (
        scripted_prometheus(Script(absent=True)) as url,
        pytest.raises(NoReadingError, match=r"was not scraped when it was due, 30 s ago: there are none"),
    ):
        observed(url, "", seconds=5, settle_seconds=2, patience_seconds=30)
    assert 37 < clock.passed <= 37 + POLL_SECONDS


def test_a_prometheus_that_is_down_meanwhile_is_asked_again_until_the_end() -> None:
    with scripted_prometheus(Script(down=True)) as url, pytest.raises(NoReadingError, match="answered 503"):
        observed(url, "", seconds=2, settle_seconds=0, patience_seconds=2)


@pytest.mark.parametrize(
    ("function", "arguments", "kind", "selector"),
    [
        ("availability", {"selector": 'job="g"', "metric": "m"}, EventRatio, 'm{job="g"}'),
        (
            "first_token_in_time",
            {"selector": 'job="l"'},
            LatencyShare,
            'vllm:time_to_first_token_seconds_bucket{job="l"}',
        ),
    ],
)
def test_what_a_probe_reads_is_declared(function: str, arguments: dict[str, Any], kind: type, selector: str) -> None:
    found = declared(function, {"prometheus_url": "http://p", "window_seconds": 3, **arguments})
    assert found is not None
    assert isinstance(found.sli, kind)
    assert found.sli.selector == selector
    assert (found.prometheus_url, found.window_seconds) == ("http://p", 3)


def test_a_probe_that_reads_no_sli_declares_none() -> None:
    assert declared("observed", {"prometheus_url": "http://p", "selector": ""}) is None
