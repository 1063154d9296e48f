"""What one query says of many SLOs: never healthy without data, and never from data that is old."""

from typing import Any

import pytest
from promql_parser import parse

from clients.prometheus import Known, Unknown
from probes.slo_watch import LABEL, WatchedSlo, by_label, spent_over, watch_query, watched
from runner.slo.files import CATALOG, load
from slos.model import Slo

WINDOW = 60.0
AT = 1_000_000.0
SLOS = {slo.name: slo for slo in load((CATALOG,)).slos.slos}
AVAILABILITY = SLOS["llm-availability"]


def of(values: dict[str, float], slo: Slo = AVAILABILITY, spend_window: float | None = WINDOW) -> WatchedSlo:
    return watched(slo, 0, values, AT, WINDOW, spend_window, 1.0)


def counted(bad: float, total: float, newest: float = AT - 1) -> dict[str, float]:
    return {"0:now:bad": bad, "0:now:total": total, "0:newest": newest}


def test_the_whole_catalogue_is_one_query_that_parses() -> None:
    query = watch_query(list(SLOS.values()), 60.0, 10.0, 25.0)
    parse(query)
    assert query.count(f'"{LABEL}"') == 5 * len(SLOS)
    assert "[10s]" in query
    assert "[25s]" in query


def test_before_a_fault_nothing_is_asked_about_spending() -> None:
    assert "spent" not in watch_query([AVAILABILITY], 1.0, WINDOW, None)
    assert "spent" not in watch_query([AVAILABILITY], 1.0, WINDOW, WINDOW)


def test_the_window_of_the_spend_grows_in_steps_and_is_never_shorter_than_the_watched_one() -> None:
    assert spent_over(10, 100, None) is None
    assert spent_over(10, 100, 99) == 10
    assert spent_over(10, 100, 88.9) == 15
    assert spent_over(10, 100, 101) == 10


def test_burn_and_spend_are_those_of_the_events() -> None:
    read = of(counted(5, 100))
    assert isinstance(read.burn, Known)
    assert read.burn.value == pytest.approx(0.05 / 0.005)
    assert isinstance(read.spend, Known)
    assert read.spend.value == pytest.approx(10 * 60 / (28 * 86400))


def test_without_a_fault_nothing_is_spent() -> None:
    assert of(counted(5, 100), spend_window=None).spend == Known(0.0, AT)


def test_what_is_spent_is_counted_over_the_time_since_the_fault() -> None:
    values = {**counted(0, 100), "0:spent:bad": 10, "0:spent:total": 1000}
    read = of(values, spend_window=600)
    assert read.burn == Known(0.0, AT)
    assert isinstance(read.spend, Known)
    assert read.spend.value == pytest.approx(2 * 600 / (28 * 86400))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "none of its series has a sample now"),
        ({"0:now:bad": 0, "0:now:total": 100}, "none of its series has a sample now"),
        (counted(0, 100, AT - 31), "its newest sample is 31 s old"),
        ({"0:newest": AT}, "cannot be counted"),
        ({"0:newest": AT, "0:now:total": 100}, "cannot be counted"),
        (counted(0, 0), "no events in 60 s"),
        (counted(0, 19), "19 events in 60 s, and it judges by 20"),
    ],
)
def test_what_is_missing_old_or_too_little_is_unknown_and_never_healthy(values: dict[str, float], said: str) -> None:
    read = of(values)
    assert isinstance(read.burn, Unknown)
    assert said in read.burn.reason
    assert isinstance(read.spend, Unknown)


def test_values_that_are_no_numbers_are_left_out() -> None:
    result = [
        {"metric": {LABEL: "0:now:bad"}, "value": [AT, "NaN"]},
        {"metric": {LABEL: "0:newest"}, "value": [AT, "5"]},
    ]
    assert by_label(result) == {"0:newest": 5.0}


@pytest.mark.parametrize("result", [None, [{}], [{"metric": {LABEL: "x"}, "value": [1]}], [{"metric": 1, "value": 2}]])
def test_what_is_no_vector_is_not_taken_for_one(result: Any) -> None:
    with pytest.raises((LookupError, TypeError, ValueError)):
        by_label(result)
