"""The cost of a run, read from Prometheus at its end; what cannot be read is unknown with its reason."""

import time
from typing import Any

import pytest

from clients.prometheus import Known, Unknown
from runner.measure import Cost, Times, measure_cost
from runner.run_summary import LostRequests
from tests.experiments.scripted_prometheus import FAILING_PER_SECOND, Script, scripted_prometheus


def experiment(**first_token: Any) -> dict[str, Any]:
    def probe(func: str, least: float, **arguments: Any) -> dict[str, Any]:
        return {
            "name": func,
            "tolerance": {"type": "range", "target": "share", "range": [least, 1.0]},
            "provider": {
                "module": "probes.serving",
                "func": func,
                "arguments": {"prometheus_url": "${url}", "selector": "", "window_seconds": 5, **arguments},
            },
        }

    clients = {"metric": "loadgen_requests_total", "selector": "", "bad": {"outcome": "error"}, "counted_by": "users"}
    return {
        "steady-state-hypothesis": {
            "probes": [
                {"name": "other", "provider": {"module": "runner.guard", "func": "watched"}},
                probe("availability", 0.99),
                probe("first_token_in_time", 0.95, **first_token),
            ]
        },
        "extensions": [{"name": "summary", "clients": clients}],
    }


def times(recovered: bool = True) -> Times:
    """A fault 20 s ago, healed 3 s later."""
    now = time.time()
    return Times(method_at=now - 21, fault_at=now - 20, ready_at=now - 17 if recovered else None, ended_at=now)


def test_failures_are_found_in_their_phase_and_time() -> None:
    when = times()
    script = Script(failing_from=when.fault_at + 1, failing_until=when.fault_at + 4.5, clients=True)
    with scripted_prometheus(script) as url:
        cost = measure_cost(experiment(), {"url": url}, when)
    availability, first_token = cost.slis
    assert availability.time_to_recover == Known(5.0, when.fault_at + 5)
    assert first_token.time_to_recover == Known(0.0, when.fault_at)
    assert [phase.phase for phase in availability.phases] == ["before", "during", "after"]
    assert [getattr(phase.share, "value", None) for phase in availability.phases][::2] == [1.0, 1.0]
    assert cost.lost is not None
    assert isinstance(cost.lost.failed, Known)
    assert cost.lost.failed.value == pytest.approx(3.5 * FAILING_PER_SECOND)
    assert cost.lost.counted_by == "users"


def test_requests_of_a_run_that_ended_before_the_next_scrape_are_unknown_for_that_reason() -> None:
    now = time.time()
    ended = Times(method_at=now, fault_at=now + 0.1, ready_at=None, ended_at=now + 0.9)
    with scripted_prometheus(Script(unscraped_from=now + 0.2, clients=True)) as url:
        cost = measure_cost(experiment(), {"url": url}, ended)
    assert cost.lost is not None
    assert isinstance(cost.lost.failed, Unknown)
    assert cost.lost.failed.reason == "its last 0.7 s were not scraped before the run ended"


def test_without_the_clients_count_the_servers_is_taken() -> None:
    with scripted_prometheus(Script()) as url:
        cost = measure_cost(experiment(), {"url": url}, times())
    assert cost.lost is not None
    assert cost.lost.counted_by == "the server"


def test_an_sli_that_is_still_bad_leaves_no_time_after() -> None:
    when = times()
    with scripted_prometheus(Script(slow_from=when.fault_at)) as url:
        cost = measure_cost(experiment(), {"url": url}, when)
    assert [phase.phase for phase in cost.slis[0].phases] == ["before", "during"]
    assert isinstance(cost.slis[1].time_to_recover, Unknown)


def test_a_workload_that_did_not_heal_leaves_no_time_after() -> None:
    with scripted_prometheus(Script()) as url:
        cost = measure_cost(experiment(), {"url": url}, times(recovered=False))
    assert [phase.phase for phase in cost.slis[0].phases] == ["before", "during"]


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (Script(down=True), "answered 503"),
        (Script(absent=True), "no series match"),
        (Script(idle_from=1.7e9), "no traffic"),
    ],
)
def test_what_cannot_be_read_is_unknown_and_says_why(script: Script, said: str) -> None:
    with scripted_prometheus(script) as url:
        cost = measure_cost(experiment(), {"url": url}, times())
    for sli in cost.slis:
        assert isinstance(sli.time_to_recover, Unknown)
        assert said in sli.time_to_recover.reason
        for phase in sli.phases:
            assert isinstance(phase.share, Unknown)
            assert said in phase.share.reason
    assert isinstance(cost.lost, LostRequests)


def test_a_threshold_that_is_no_bucket_edge_hides_nothing_else() -> None:
    with scripted_prometheus(Script()) as url:
        cost = measure_cost(experiment(threshold_seconds=0.3), {"url": url}, times())
    availability, first_token = cost.slis
    assert availability.time_to_recover == Known(0.0, pytest.approx(time.time() - 20, abs=5))  # type: ignore[arg-type]
    assert isinstance(first_token.phases[0].share, Unknown)
    assert "no bucket edge" in first_token.phases[0].share.reason


def test_no_address_of_prometheus_is_told() -> None:
    cost = measure_cost(experiment(), {"url": ""}, times())
    assert isinstance(cost.slis[0].time_to_recover, Unknown)
    assert "no address of Prometheus" in cost.slis[0].time_to_recover.reason


def test_an_experiment_without_slis_costs_nothing_that_could_be_told() -> None:
    assert measure_cost({}, {}, times()) == Cost()
