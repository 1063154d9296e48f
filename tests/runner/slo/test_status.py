"""Reading the state of SLOs: few queries, all at one time, and only what is asked for."""

import pytest

from clients.prometheus import Prometheus
from runner.slo.status import read_statuses
from slos.budget.status import SloStatus
from slos.tiers import DAY
from tests.recorded_slos import AT, FakeSlo, calendar_start
from tests.recording_prometheus import Recording, recording_prometheus


def read(recording: Recording, names: tuple[str, ...] = (), service: str | None = None) -> tuple[SloStatus, ...]:
    with recording_prometheus(recording) as url, Prometheus(url) as prometheus:
        return read_statuses(prometheus, AT, names, service)


@pytest.mark.parametrize("count", [1, 10])
def test_any_number_of_slos_of_every_kind_takes_no_more_than_ten_queries(count: int) -> None:
    recording = Recording(
        [
            *(FakeSlo(f"plain-{index}") for index in range(count)),
            *(FakeSlo(f"counted-{index}", minimum_events="20") for index in range(count)),
            *(
                FakeSlo(
                    f"monthly-{index}",
                    window="month",
                    period_seconds=30 * DAY,
                    calendar="month",
                    time_zone="UTC",
                    first="1",
                )
                for index in range(count)
            ),
        ],
        more=[calendar_start(AT - DAY)],
    )
    found = read(recording)
    assert len(found) == 3 * count
    assert {one.state for one in found} == {"good"}
    assert len(recording.queries) == 9


def test_what_no_slo_needs_is_not_asked() -> None:
    recording = Recording([FakeSlo()])
    assert [one.state for one in read(recording)] == ["good"]
    assert len(recording.queries) == 7
    assert "slo:calendar_start:timestamp_seconds" not in recording.queries


def test_names_and_services_choose_on_the_server() -> None:
    recording = Recording([FakeSlo("a.b", service="x"), FakeSlo("a-b", service="x"), FakeSlo("c", service="y")])
    assert [one.name for one in read(recording, ("a.b",))] == ["a.b"]
    assert [one.name for one in read(recording, ("a.b", "c"))] == ["a.b", "c"]
    assert [one.name for one in read(recording, service="x")] == ["a-b", "a.b"]
    assert recording.queries[0] == 'slo:info{slo="a.b"}'
    assert all("slo" in query and "{" in query for query in recording.queries)


def test_many_names_are_chosen_here_and_some_fit_into_a_body(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("probes.slo_recorded.NAMED_AT_MOST", 4)
    slos = [FakeSlo(f"{'long-name-' * 60}{index}") for index in range(5)]
    names = tuple(slo.name for slo in slos)
    recording = Recording([*slos, FakeSlo("other")])
    assert [one.name for one in read(recording, names)] == sorted(names)
    assert recording.queries[0] == "slo:info"
    recording = Recording([*slos, FakeSlo("other")])
    assert len(read(recording, names[:4])) == 4
    assert set(recording.methods) == {"POST"}


def test_minimum_events_are_read_where_they_judge() -> None:
    (found,) = read(Recording([FakeSlo(minimum_events="20", events={"1h": 3})]))
    assert found.state == "unknown"
    assert "3 events in 1h" in found.reasons[0]


def test_a_warning_on_any_answer_makes_the_states_unknown() -> None:
    (found,) = read(Recording([FakeSlo()], warnings=["a store is down"]))
    assert found.state == "unknown"
    assert "a store is down" in found.reasons[0]


def test_names_that_nothing_is_recorded_of_are_unknown() -> None:
    found = read(Recording([FakeSlo("a")]), ("a", "b"))
    assert [(one.name, one.state) for one in found] == [("a", "good"), ("b", "unknown")]
