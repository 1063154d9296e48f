"""Nothing passes the gate but what is known to be good."""

import pytest

from slos.budget.gate import Limits, Verdict, verdict, whole
from slos.budget.status import judge
from tests.recorded_slos import FakeSlo, recorded


def at_gate(slo: FakeSlo, limits: Limits | None = None, warnings: tuple[str, ...] = ()) -> Verdict:
    (status,) = judge(recorded(slo, warnings=warnings))
    return verdict(status, limits or Limits())


GOOD = FakeSlo()
BURNING = FakeSlo(burn={"1h": 20.0, "5m": 30.0})
UNKNOWN = FakeSlo(burn={"1h": None})


def test_good_passes_without_a_word() -> None:
    assert at_gate(GOOD).outcome == "good"
    assert at_gate(GOOD).reasons == ()


@pytest.mark.parametrize("slo", [BURNING, FakeSlo(budget=0.0), FakeSlo(budget=-1, burn={"1h": None})])
def test_what_burns_or_is_spent_is_breached(slo: FakeSlo) -> None:
    assert at_gate(slo).outcome == "breached"


@pytest.mark.parametrize(
    "slo",
    [
        UNKNOWN,
        FakeSlo(budget=None),
        FakeSlo(age=1000),
        FakeSlo(events={"5m": None}),
        FakeSlo(burn={"5m": None}),
        FakeSlo(burn={"1h": 500.0, "5m": None}),
        FakeSlo(tiers="slow-page", burn={"6h": 83.0, "30m": None}),
    ],
)
def test_unknown_does_not_pass(slo: FakeSlo) -> None:
    found = at_gate(slo)
    assert found.outcome == "unknown"
    assert found.reasons


def test_a_budget_below_the_limit_is_breached_at_the_limit_it_is_not() -> None:
    assert at_gate(GOOD, Limits(budget_left=0.75)).outcome == "good"
    found = at_gate(GOOD, Limits(budget_left=0.8))
    assert found.outcome == "breached"
    assert found.reasons == ("0.75 of its budget is left, less than 0.8",)


def test_a_burn_rate_at_the_limit_is_not_below_it() -> None:
    assert at_gate(GOOD, Limits(burn_below=0.26)).outcome == "good"
    found = at_gate(GOOD, Limits(burn_below=0.25, window="6h"))
    assert found.outcome == "breached"
    assert found.reasons == ("it burns at 0.25 over 6h, not below 0.25",)


def test_a_limit_on_what_is_not_known_is_unknown() -> None:
    quiet = FakeSlo(burn={"6h": None})
    assert at_gate(quiet).outcome == "good"
    found = at_gate(quiet, Limits(burn_below=1, window="6h"))
    assert found.outcome == "unknown"
    assert "its burn rate over 6h is not known" in found.reasons[0]
    assert at_gate(GOOD, Limits(burn_below=1, window="91d")).outcome == "unknown"


def test_a_limit_that_is_not_met_breaches_even_where_the_state_is_unknown() -> None:
    assert at_gate(UNKNOWN, Limits(budget_left=0.9)).outcome == "breached"


def test_nothing_is_known_of_doubtful_data() -> None:
    found = at_gate(GOOD, Limits(budget_left=0.9), warnings=("a store is down",))
    assert found.outcome == "unknown"


@pytest.mark.parametrize(
    ("slos", "outcome"),
    [
        ([GOOD, GOOD], "good"),
        ([GOOD, UNKNOWN], "unknown"),
        ([GOOD, BURNING], "breached"),
        ([UNKNOWN, BURNING], "breached"),
        ([], "unknown"),
    ],
)
def test_the_whole_is_breached_before_unknown_before_good(slos: list[FakeSlo], outcome: str) -> None:
    assert whole(map(at_gate, slos)) == outcome
