"""Readings that cannot be, or are of another time, leave an SLO unknown and without a figure."""

import json
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.prometheus import LabelledValue
from runner.cli.slo.status_document import status_document
from slos.budget.status import SloStatus, judge
from slos.rules.names import BURN_RATE
from slos.tiers import DAY, TIERS
from tests.recorded_slos import AT, FakeSlo, Series, recorded


def status(slo: FakeSlo, *more: Series) -> SloStatus:
    (found,) = judge(recorded(slo, more=more))
    return found


@pytest.mark.parametrize(
    ("slo", "why"),
    [
        (FakeSlo(age=math.nan), "its newest reading is of no time (nan)"),
        (FakeSlo(age=-math.inf), "its newest reading is of no time (inf)"),
        (FakeSlo(age=-9e6), "in the future: are the clocks right?"),
        (FakeSlo(age=-6), "its newest reading is 6s in the future"),
        (FakeSlo(long_age=math.nan), "the newest reading of its long windows is of no time (nan)"),
        (FakeSlo(long_age=-math.inf), "the newest reading of its long windows is of no time (inf)"),
        (FakeSlo(long_age=-60), "the newest reading of its long windows is 1m in the future"),
        (FakeSlo(bad_age=66), "its bad events are of another time than its events"),
        (FakeSlo(bad_age=math.nan), "its bad events are of another time than its events"),
        (FakeSlo(budget=2), "its budget is 2, which cannot be"),
        (FakeSlo(budget=1 + 1e-8), "its budget is 1, which cannot be"),
        (FakeSlo(budget=-math.inf), "its budget is -inf, which cannot be"),
        (FakeSlo(budget=0.5, burn={"28d": 0.1}), "its budget left is 0.5, which its burn rate of 0.1 over 28d"),
        (FakeSlo(burn={"28d": None}), "the burn rate over 28d that it is made from is not"),
        (FakeSlo(burn={"1h": -0.001}), "its burn rate over 1h is -0.001, which cannot be"),
        (FakeSlo(burn={"6h": 1001}), "its burn rate over 6h is 1001, which cannot be"),
        (FakeSlo(burn={"3d": math.nan}), "its burn rate over 3d is nan, which cannot be"),
        (FakeSlo(burn={"3d": math.inf}, objective=1.0), "its burn rate over 3d is inf, which cannot be"),
        (FakeSlo(burn={"1h": -1, "6h": -2}), "its burn rate over 1h is -1, over 6h is -2, which cannot be"),
        (FakeSlo(events={"1h": math.inf}), "its events in 1h are inf, which cannot be"),
        (FakeSlo(events={"1h": -1}), "its events in 1h are -1, which cannot be"),
        (FakeSlo(coverage=math.nan), "that has been seen is nan, which cannot be"),
        (FakeSlo(coverage=-0.1), "that has been seen is -0.1, which cannot be"),
        (FakeSlo(coverage=1.1), "that has been seen is 1.1, which cannot be"),
    ],
)
def test_a_reading_that_cannot_be_leaves_no_figure(slo: FakeSlo, why: str) -> None:
    found = status(slo)
    assert found.state == "unknown"
    assert why in "; ".join(found.reasons)
    assert (found.sli, found.budget_left, found.coverage, found.seconds_to_exhaustion) == (None, None, None, None)
    assert set(found.burn.values()) == {None}


@pytest.mark.parametrize(
    ("slo", "label"),
    [
        (FakeSlo(time_scale="0.5"), "time_scale"),
        (FakeSlo(time_scale="301"), "time_scale"),
        (FakeSlo(time_scale="1e300"), "time_scale"),
        (FakeSlo(time_scale="nan"), "time_scale"),
        (FakeSlo(calendar="eon"), "calendar"),
        (FakeSlo(calendar="month", time_zone="UTC", first="1"), "calendar"),
        (FakeSlo(window="zzz"), "window"),
        (FakeSlo(window="7d"), "period_seconds"),
        (FakeSlo(period_seconds=1e300), "period_seconds"),
        (FakeSlo(period_seconds=math.inf), "period_seconds"),
        (FakeSlo(window="month"), "period_seconds"),
        (FakeSlo(minimum_events="1_0"), "minimum_events"),
    ],
)
def test_a_declaration_that_cannot_be_is_named(slo: FakeSlo, label: str) -> None:
    found = status(slo)
    assert found.state == "unknown"
    assert f"the label {label} is " in found.reasons[0]


@pytest.mark.parametrize("value", [0, 2, math.nan])
def test_a_declaration_is_always_1(value: float) -> None:
    whole = recorded(FakeSlo())
    (found,) = judge(replace(whole, infos=[LabelledValue(one.labels, value) for one in whole.infos]))
    assert (found.state, found.reasons) == ("unknown", (f"its slo:info is {value:g}, which is always 1",))


def test_what_is_just_possible_is_no_doubt() -> None:
    everything = dict.fromkeys(("5m", "30m", "1h", "2h", "6h", "1d", "3d", "28d"), 1 / (1 - 0.999))
    assert status(FakeSlo(budget=1 - 1 / (1 - 0.999), burn={**everything})).state == "exhausted"
    for slo in (FakeSlo(age=-4), FakeSlo(bad_age=50), FakeSlo(bad_age=20), FakeSlo(budget=1.0, coverage=0.0)):
        assert status(slo).state == "good"


def test_a_burn_and_a_budget_of_two_evaluations_may_differ() -> None:
    """One read while the rules are being evaluated: the burn is already new, the budget is not."""
    labels = {"slo": "llm-availability", "service": "llm", "window": "28d"}
    slo = FakeSlo(burn={"28d": None})
    assert status(slo, Series(BURN_RATE, labels, 0.3, AT)).state == "good"
    assert status(slo, Series(BURN_RATE, labels, 0.3, AT - 60)).state == "unknown"


@pytest.mark.parametrize("left", [1e-16, -1e-16, 1 - 0.001 / (1 - 0.999), 0.0])
def test_a_budget_that_is_spent_to_the_last_event_is_exhausted(left: float) -> None:
    found = status(FakeSlo(budget=left))
    assert (found.state, found.budget_left) == ("exhausted", 0.0)


@given(objective=st.floats(0.5, 0.99999), days=st.sampled_from((7, 28, 30, 90)), tier=st.sampled_from(TIERS))
@settings(max_examples=40, deadline=None)
def test_a_burn_of_exactly_the_factor_is_none(objective: float, days: int, tier: Any) -> None:
    factor = tier.factor(days * DAY)
    if not tier.reachable(days * DAY, objective):
        return
    ratio = factor * (1 - objective)
    burn = {tier.long: ratio / (1 - objective), tier.short: (ratio * 3 / 3) / (1 - objective) * (1 + 1e-15)}
    slo = FakeSlo(objective=objective, window=f"{days}d", period_seconds=days * DAY, tiers=tier.name, burn={**burn})
    assert status(slo).burning_tiers == ()


ANY = st.one_of(st.none(), st.floats(), st.sampled_from((math.nan, math.inf, -math.inf, 1e308, -0.0)))


@given(
    budget=ANY, coverage=ANY, hour=ANY, minutes=ANY, whole=ANY, events=ANY, objective=st.floats(), age=st.floats(),
    long_age=st.floats(), bad_age=st.floats(),
)  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_whatever_is_recorded_every_figure_is_a_number_or_unknown(
    budget: float | None, coverage: float | None, hour: float | None, minutes: float | None, whole: float | None,
    events: float | None, objective: float, age: float, long_age: float, bad_age: float,
) -> None:  # fmt: skip
    found = status(
        FakeSlo(
            budget=budget, coverage=coverage, burn={"1h": hour, "5m": minutes, "28d": whole}, events={"1h": events},
            objective=objective, age=age, long_age=long_age, bad_age=bad_age, minimum_events="20",
        )
    )  # fmt: skip
    json.dumps(status_document(found), allow_nan=False)
    if found.state == "good":
        assert budget is not None
        assert 0 < budget <= 1 + 1e-9
        assert -5.001 <= age <= 90.001
