"""Exit statuses of verdicts, and which of several counts."""

import pytest

from runner.exit_codes import Exit, exit_of, worst
from runner.outcome import Outcome


@pytest.mark.parametrize("outcome", [one for one in Outcome if one is not Outcome.ERROR])
def test_each_verdict_has_a_status_of_its_own(outcome: Outcome) -> None:
    assert exit_of(outcome.value).name == outcome.name


@pytest.mark.parametrize("verdict", ["error", "died", "running", "", "hold"])
def test_whatever_is_no_verdict_of_the_system_needs_a_person(verdict: str) -> None:
    assert exit_of(verdict) is Exit.STUCK


def test_a_breach_counts_more_than_a_run_that_was_cut_short_or_proved_nothing() -> None:
    assert worst([Exit.HELD, Exit.INCONCLUSIVE, Exit.BREACHED, Exit.ABORTED]) is Exit.BREACHED
    assert worst([Exit.HELD, Exit.INCONCLUSIVE]) is Exit.INCONCLUSIVE
    assert worst([Exit.BREACHED, Exit.STUCK]) is Exit.STUCK
    assert worst([Exit.HELD]) is Exit.HELD


def test_nothing_proves_nothing() -> None:
    assert worst([]) is Exit.INCONCLUSIVE
