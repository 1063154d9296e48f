"""What a run cost, from samples: one counted failure at a known time is found in its phase, and nowhere else."""

import math

import pytest

from clients.prometheus import Known, Sample, Series, Unknown
from probes.counters import Quantile
from probes.sli import EventRatio, LatencyShare
from runner.phases import Phase, phases, read_phase, time_to_recover

SLI = EventRatio("availability", "m", "", {"status": "5.."})
TTFT = LatencyShare("first token in time", "ttft", "", 0.5)


def traffic(failures: dict[int, int], seconds: int = 40, per_second: int = 10) -> list[Series]:
    """Scraped every second from 0 on: `per_second` requests each, of which `failures[second]` fail."""
    good, bad, ok, failed = 0, 0, [], []
    for second in range(seconds + 1):
        lost = failures.get(second, 0)
        good, bad = good + per_second - lost, bad + lost
        ok.append(Sample(float(second), float(good)))
        failed.append(Sample(float(second), float(bad)))
    return [Series({"status": "2xx"}, ok), Series({"status": "5xx"}, failed)]


def test_a_recovered_run_has_three_phases() -> None:
    assert phases(10, 20, 23.5, 40) == (Phase("before", 10, 20), Phase("during", 20, 23.5), Phase("after", 23.5, 40))


@pytest.mark.parametrize("recovered_at", [None, 40.0])
def test_a_run_that_did_not_recover_has_no_after(recovered_at: float | None) -> None:
    assert phases(10, 20, recovered_at, 40) == (Phase("before", 10, 20), Phase("during", 20, 40))


def test_a_run_that_ends_before_its_last_scrape_says_so() -> None:
    reading = read_phase(SLI, traffic({}), Phase("during", 39.9, 40.8))
    assert reading.share == Unknown("its last 0.8 s were not scraped before the run ended")
    assert time_to_recover(SLI, traffic({}), 0.99, 39.9, 40.8) == reading.share


def test_failures_are_counted_in_their_phase() -> None:
    series = traffic({21: 4, 22: 1})
    before, during, after = (read_phase(SLI, series, phase) for phase in phases(10, 20, 24, 40))
    assert before.share == Known(1.0, 20)
    assert (during.good, during.total) == (Known(35, 24), Known(40, 24))
    assert during.share == Known(35 / 40, 24)
    assert after.share == Known(1.0, 40)
    assert after.rate == Known(10.0, 40)


def test_a_phase_between_two_scrapes_is_unknown_and_not_perfect() -> None:
    found = read_phase(SLI, traffic({}), Phase("during", 20.2, 20.7))
    assert isinstance(found.share, Unknown)
    assert isinstance(found.rate, Unknown)


def test_a_phase_without_data_is_unknown() -> None:
    found = read_phase(TTFT, [], Phase("after", 20, 30))
    assert isinstance(found.total, Unknown)
    assert isinstance(found.p50, Unknown)


def test_latencies_have_quantiles() -> None:
    def bucket(edge: str, per_second: int) -> Series:
        return Series({"le": edge}, [Sample(float(second), float(second * per_second)) for second in range(41)])

    found = read_phase(TTFT, [bucket("0.1", 6), bucket("0.5", 9), bucket("+Inf", 10)], Phase("before", 10, 20))
    assert found.share == Known(0.9, 20)
    assert isinstance(found.p50, Quantile)
    assert math.isclose(found.p50.value, 0.1 * 5 / 6)
    assert found.p99 == Quantile(0.5, at_least=True)


def test_an_sli_that_never_left_its_objective_recovers_in_no_time() -> None:
    assert time_to_recover(SLI, traffic({}), 0.99, 20, 40) == Known(0.0, 20)


def test_the_time_to_recover_ends_with_the_last_bad_step() -> None:
    assert time_to_recover(SLI, traffic({21: 4, 23: 1}), 0.99, 20, 40) == Known(3.0, 23)


def test_failures_before_the_fault_do_not_count() -> None:
    assert time_to_recover(SLI, traffic({15: 4}), 0.99, 20, 40) == Known(0.0, 20)


def test_a_few_failures_within_the_objective_do_not_count() -> None:
    assert time_to_recover(SLI, traffic({21: 1}), 0.9, 20, 40) == Known(0.0, 20)


def test_an_sli_that_is_still_bad_has_no_time_to_recover() -> None:
    found = time_to_recover(SLI, traffic(dict.fromkeys(range(21, 41), 5)), 0.99, 20, 40)
    assert isinstance(found, Unknown)
    assert "still outside its objective" in found.reason


def test_an_sli_without_data_or_traffic_has_no_time_to_recover() -> None:
    assert isinstance(time_to_recover(SLI, [], 0.99, 20, 40), Unknown)
    assert isinstance(time_to_recover(SLI, traffic({}, per_second=0), 0.99, 20, 40), Unknown)
