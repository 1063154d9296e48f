"""One error budget for a set of runs."""

from hypothesis import given
from hypothesis import strategies as st

from runner.smoke.purse import Purse, costs

SHARES = st.floats(0, 1)
SLOS = st.sampled_from(["a", "b", "c"])


def test_a_run_may_spend_the_least_that_is_left_of_its_slos() -> None:
    purse = Purse(0.2).charged({"a": 0.15, "b": 0.05})
    assert purse.left(["a", "b"]) == 0.2 - 0.15
    assert purse.left(["b"]) == 0.2 - 0.05
    assert purse.left(["c"]) == 0.2


def test_an_slo_of_which_all_is_spent_is_named() -> None:
    purse = Purse(0.2).charged({"a": 0.1}).charged({"a": 0.1, "b": 0.01})
    assert purse.exhausted(["b", "a"]) == "a"
    assert purse.exhausted(["b"]) == ""
    assert purse.left(["a"]) == 0


def test_a_set_that_may_spend_nothing_may_begin() -> None:
    assert Purse(0.0).exhausted(["a"]) == ""
    assert Purse(0.0).charged({"a": 0.001}).exhausted(["a"]) == "a"


def test_what_is_not_known_costs_all_that_was_allowed() -> None:
    assert costs(["a", "b"], {"a": 0.01}, 0.05, broke_something=True) == {"a": 0.01, "b": 0.05}
    assert costs(["a"], {}, 0.05, broke_something=False) == {}


@given(st.floats(0, 1), st.lists(st.dictionaries(SLOS, SHARES)), st.lists(SLOS, min_size=1))
def test_nothing_is_ever_left_below_nothing_nor_above_the_limit(
    limit: float, charges: list[dict[str, float]], slos: list[str]
) -> None:
    purse = Purse(limit)
    for charge in charges:
        before = purse.left(slos)
        purse = purse.charged(charge)
        assert 0 <= purse.left(slos) <= before <= limit
