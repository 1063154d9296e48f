"""A set of runs: one budget for all, nothing after a stuck fault, and the worst verdict counts."""

import signal
from pathlib import Path
from typing import Any

import pytest

from runner.exit_codes import Exit
from runner.smoke.order import SetRun
from tests.runner.smoke.sets import Clock, Heard, Played, member, ours, play, suite

ONE, TWO, THREE = member("one"), member("two"), member("three", "training-progress")


def test_all_run_in_order_and_the_set_holds(tmp_path: Path) -> None:
    stage = play(tmp_path, suite(ONE, TWO, THREE), {"one": [ours()], "two": [ours()], "three": [ours()]})
    assert stage.verdicts == ["held"] * 3
    assert [name for name, _ in stage.heard.begun] == ["one", "two", "three"]
    assert (stage.done.status, stage.done.stopped) == (Exit.HELD, "")
    assert stage.done.seconds == 30.0


@pytest.mark.parametrize(
    ("verdict", "status"),
    [
        ("breached", Exit.BREACHED),
        ("aborted", Exit.ABORTED),
        ("inconclusive", Exit.INCONCLUSIVE),
        ("error", Exit.STUCK),
    ],
)
def test_a_verdict_that_is_not_held_counts_and_the_set_goes_on(tmp_path: Path, verdict: str, status: Exit) -> None:
    stage = play(tmp_path, suite(ONE, TWO), {"one": [ours(verdict)], "two": [ours()]})
    assert stage.verdicts == [verdict, "held"]
    assert stage.done.status is status


def test_each_run_may_spend_what_is_left_of_the_sets_budget(tmp_path: Path) -> None:
    members = (member("one", max_spend=0.06), member("two", max_spend=0.06), member("three", "other", max_spend=0.06))
    script = {"one": [ours(llm_availability=0.055)], "two": [ours(llm_availability=0.01)], "three": [ours(other=0.0)]}
    stage = play(tmp_path, suite(*members), script)
    assert [allowed for _, allowed in stage.heard.begun] == pytest.approx([0.06, 0.045, 0.06])
    given = [stage.children.environments[name]["MLCHAOS_MAX_SPEND"] for name in ("one", "two", "three")]
    assert given == ["6%", "4.5%", "6%"]
    assert dict(stage.done.purse.spent) == pytest.approx({"llm-availability": 0.065, "other": 0.0})


def test_a_run_whose_slo_has_nothing_left_is_left_out_and_others_go_on(tmp_path: Path) -> None:
    script = {"one": [ours("breached", llm_availability=0.12)], "three": [ours(training_progress=0.0)]}
    stage = play(tmp_path, suite(ONE, TWO, THREE), script)
    assert stage.verdicts == ["breached", "not run", "held"]
    assert stage.done.results[1].reason == "the set has spent 12.00% of the error budget of llm-availability"


def test_a_cost_that_is_not_known_is_all_that_was_allowed(tmp_path: Path) -> None:
    stage = play(tmp_path, suite(ONE, TWO), {"one": [ours("error")], "two": [ours(llm_availability=0.001)]})
    assert dict(stage.done.purse.spent) == pytest.approx({"llm-availability": 0.021})


def test_what_broke_nothing_costs_nothing(tmp_path: Path) -> None:
    stage = play(tmp_path, suite(ONE), {"one": [ours("refused", faults=0)]})
    assert dict(stage.done.purse.spent) == {}


def test_nothing_runs_after_a_stuck_fault(tmp_path: Path) -> None:
    stage = play(tmp_path, suite(ONE, TWO), {"one": [ours("error", stuck=True)]})
    assert stage.verdicts == ["error", "not run"]
    assert stage.done.results[0].stuck == ("pods.kill on pod ml-serving/llm-0 (record r-1): no answer",)
    assert stage.done.results[1].reason.startswith("a fault of serving/one is stuck: pods.kill on pod")
    assert stage.done.status is Exit.STUCK


def test_a_stuck_fault_counts_even_below_a_verdict_that_sounds_well(tmp_path: Path) -> None:
    assert play(tmp_path, suite(ONE), {"one": [ours("held", stuck=True)]}).done.status is Exit.STUCK


def test_what_a_run_that_died_has_left_is_taken_out_and_the_set_goes_on(tmp_path: Path) -> None:
    stage = play(tmp_path, suite(ONE, TWO), {"one": [None], "two": [ours()]})
    assert stage.children.commands == ["run", "recover", "run"]
    assert stage.verdicts == ["died", "held"]
    assert "was killed by signal 9" in stage.done.results[0].reason
    assert stage.done.status is Exit.STUCK
    assert stage.done.purse.spent["llm-availability"] >= 0.02


def test_the_set_ends_where_it_is_not_known_whether_a_dead_run_has_left_something(tmp_path: Path) -> None:
    stage = play(tmp_path, suite(ONE, TWO), {"one": [None]}, recover_status=4)
    assert stage.verdicts == ["died", "not run"]
    assert "chaos recover could not see to it" in stage.done.stopped


def test_nothing_begins_when_the_time_is_over_and_the_rest_is_not_proven(tmp_path: Path) -> None:
    stage = play(tmp_path, suite(ONE, TWO, THREE, within=15.0), {"one": [ours()], "two": [ours()]})
    assert stage.verdicts == ["held", "held", "not run"]
    assert stage.done.stopped == "the set's time, 15 s, is over"
    assert stage.done.results[1].reason.endswith("(ended, since the set's time was over)")
    assert stage.done.status is Exit.INCONCLUSIVE


def test_a_run_that_is_refused_after_another_is_asked_for_again(tmp_path: Path) -> None:
    refused = ours("refused", faults=0)
    stage = play(tmp_path, suite(ONE, TWO), {"one": [ours()], "two": [refused, refused, ours()]})
    assert stage.verdicts == ["held", "held"]
    assert stage.heard.repeated == ["two", "two"]


def test_it_is_not_asked_for_for_ever(tmp_path: Path) -> None:
    refused = ours("refused", faults=0)
    stage = play(tmp_path, suite(ONE, TWO), {"one": [ours()], "two": [refused] * 3})
    assert stage.verdicts == ["held", "refused"]
    assert stage.done.status is Exit.REFUSED


def test_a_refusal_before_anything_was_broken_is_final(tmp_path: Path) -> None:
    stage = play(tmp_path, suite(ONE, TWO), {"one": [ours("refused", faults=0)], "two": [ours()]})
    assert (stage.verdicts, stage.heard.repeated) == (["refused", "held"], [])


def test_after_an_interrupt_nothing_begins(tmp_path: Path) -> None:
    clock, heard = Clock(), Heard()
    children: Played

    def interrupted() -> dict[str, Any]:
        signal.raise_signal(signal.SIGTERM)
        return ours("aborted")

    children = Played({"one": [interrupted]}, clock)
    with children.taking_signals():
        done = SetRun(suite(ONE, TWO), children, {}, tmp_path, heard, clock).run("a lab")
    assert [result.verdict for result in done.results] == ["aborted", "not run"]
    assert (done.stopped, done.status) == ("the set was interrupted", Exit.ABORTED)


def test_a_run_gets_the_callers_variables_before_the_sets_defaults_and_no_plan_of_another(tmp_path: Path) -> None:
    one = member("one", FAULT_SECONDS="6", HOLD_SECONDS="3")
    given = {"FAULT_SECONDS": "60", "MLCHAOS_PLAN": "1-abc", "PROMETHEUS_URL": "http://prometheus.example"}
    environment = play(tmp_path, suite(one), {"one": [ours()]}, given).children.environments["one"]
    assert (environment["FAULT_SECONDS"], environment["HOLD_SECONDS"]) == ("60", "3")
    assert environment["PROMETHEUS_URL"] == "http://prometheus.example"
    assert "MLCHAOS_PLAN" not in environment


def test_what_a_run_printed_is_kept_without_its_colours(tmp_path: Path) -> None:
    stage = play(tmp_path, suite(ONE), {"one": [ours()]})
    assert stage.done.results[0].output == "printed by serving/one"


def test_a_journal_without_a_verdict_of_the_guard_is_a_run_that_died(tmp_path: Path) -> None:
    stage = play(tmp_path, suite(ONE), {"one": [{"verdict": "held"}]})
    assert stage.verdicts == ["died"]
