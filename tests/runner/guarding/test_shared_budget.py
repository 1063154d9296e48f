"""A run that is one of a set may spend what is left of the set's budget, and never more than it declares itself."""

import pytest

from actions.fault import RefusedError
from clients.prometheus import Known
from probes.slo_watch import Watched, WatchedSlo
from runner.experiment.guard_block import AbortWhen, BlastRadius, ErrorBudget, GuardBlock
from runner.guarding.opening import limits_of
from runner.guarding.shared_budget import SharedBudgetError, shared_limit
from runner.guarding.stops import Doubts, judge

BLOCK = GuardBlock(
    name="guard",
    slos=["llm-availability"],
    blast_radius=BlastRadius(namespaces=["ml-serving"], error_budget=ErrorBudget(max_spend="2%"), duration="3m"),
    abort_when=AbortWhen(burn_rate=14.4, window="10s"),
)


def test_a_run_of_its_own_shares_no_budget() -> None:
    assert shared_limit({}) is None
    assert shared_limit({"MLCHAOS_MAX_SPEND": " "}) is None
    assert limits_of(BLOCK, {}).max_spend == 0.02


@pytest.mark.parametrize(("left", "allowed"), [("50%", 0.02), ("2%", 0.02), ("0.5%", 0.005), ("0%", 0.0)])
def test_the_smaller_limit_holds(left: str, allowed: float) -> None:
    assert limits_of(BLOCK, {"MLCHAOS_MAX_SPEND": left}).max_spend == pytest.approx(allowed)


@pytest.mark.parametrize("text", ["2", "0.02", "-1%", "101%", "much", "nan%", "%"])
def test_what_is_no_share_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(SharedBudgetError, match=r"MLCHAOS_MAX_SPEND is .*such as 3\.5%"):
        shared_limit({"MLCHAOS_MAX_SPEND": text})
    with pytest.raises(RefusedError, match="MLCHAOS_MAX_SPEND"):
        limits_of(BLOCK, {"MLCHAOS_MAX_SPEND": text})


def test_a_run_that_is_stopped_for_it_says_that_the_set_had_no_more() -> None:
    limits = limits_of(BLOCK, {"MLCHAOS_MAX_SPEND": "0.5%"})
    watched = Watched(100.0, (WatchedSlo("llm-availability", Known(1.0, 100.0), Known(0.006, 100.0)),))
    stop, _ = judge(watched, limits, Doubts(), 0.0)
    assert stop is not None
    assert stop.reason.endswith("what is left of the set's budget (MLCHAOS_MAX_SPEND) is 0.5%")
