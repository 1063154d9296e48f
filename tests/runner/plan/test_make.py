from typing import Any

import pytest

from actions.choice import Choice
from actions.fault import Draft
from actions.systems import Systems
from clients.kube_errors import TransientError
from clients.toxiproxy import ToxiproxyError
from runner.plan import make
from runner.plan.digest import TokenError, read_token
from runner.plan.make import PlanError, UnansweredError, make_plan
from runner.plan.model import Plan
from tests.runner.plan.drafts import Take, TakeArguments, experiment

pytestmark = pytest.mark.usefixtures("made_up")


def planned(document: dict[str, Any], seed: int = 7, configuration: dict[str, Any] | None = None) -> Plan:
    return make_plan(document, configuration or {}, {}, Systems(), seed)


def test_the_same_seed_in_the_same_world_gives_the_same_plan() -> None:
    first, second = planned(experiment({"count": 1})), planned(experiment({"count": 1}))
    assert first == second
    assert first.token == f"7-{first.digest}"


def test_how_targets_are_listed_changes_nothing() -> None:
    targets = [
        planned(experiment({"pods": pods})).faults[0].draft.targets
        for pods in (["llm-a", "llm-b", "llm-c"], ["llm-c", "llm-a", "llm-b"])
    ]
    assert targets[0] == targets[1]


def test_a_target_that_was_replaced_by_a_namesake_changes_the_digest() -> None:
    assert planned(experiment({"uid": "1"})).digest != planned(experiment({"uid": "2"})).digest


def test_a_limit_that_was_changed_changes_the_digest() -> None:
    assert planned(experiment({})).digest != planned(experiment({}, duration="6m")).digest


def test_seeds_pick_different_targets() -> None:
    picked = {planned(experiment({}), seed).faults[0].draft.targets[0].name for seed in range(20)}
    assert picked == {"llm-a", "llm-b", "llm-c"}


def test_references_are_resolved() -> None:
    document = experiment({"namespace": "${where}"}, namespaces=["${where}"])
    plan = planned(document, configuration={"where": "ml-staging"})
    assert plan.faults[0].arguments["namespace"] == "ml-staging"
    assert plan.allowed


def test_what_exceeds_a_limit_outside_the_namespaces_or_finds_nothing_is_told_all_at_once() -> None:
    plan = planned(experiment({"count": 2}, {"count": 9}, {"count": 1, "namespace": "kube-system"}))
    assert [str(violation) for violation in plan.violations] == [
        "take 2: 9 of 3 pods are wanted: lower count; nothing was touched",
        (
            "take 3: it hits namespace kube-system, and only ml-serving may be hit; select targets in ml-serving, or "
            "add kube-system to blast_radius.namespaces"
        ),
        "pods: 3 of at most 1; hit less, or raise blast_radius.pods.max to 3",
        "share of a workload: deployment/llm: 66.7% of at most 34%; hit less, or raise blast_radius.pods.percent to 67",
    ]


def test_a_fault_without_a_target_is_a_violation() -> None:
    assert [str(one) for one in planned(experiment({"count": 0})).violations] == [
        "take 1: it has no target; check what it selects by"
    ]


def test_one_target_of_two_actions_is_a_violation() -> None:
    plan = planned(experiment({"pods": ["llm-a"]}, {"pods": ["llm-a"]}, pods={"max": 9, "percent": 100}))
    (violation,) = plan.violations
    assert str(violation) == (
        "take 2: pod ml-serving/llm-a is picked by 'take 1' already; select other targets, or take several with one "
        "action"
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"extensions": []}, "the experiment has 0 extensions called guard; it takes exactly one"),
        ({"method": []}, "the method has no fault, so there is nothing to plan"),
    ],
)
def test_an_unsound_experiment_is_not_planned(change: dict[str, Any], said: str) -> None:
    with pytest.raises(PlanError, match=said):
        planned({**experiment({}), **change})


def test_bad_arguments_are_told_without_their_values() -> None:
    with pytest.raises(PlanError, match="take 1: count: Input should be") as told:
        planned(experiment({"count": "hunter2"}))
    assert "hunter2" not in str(told.value)


def test_arguments_that_refer_to_a_secret_are_refused_and_the_secret_is_not_told() -> None:
    with pytest.raises(PlanError, match="refer to a secret") as told:
        make_plan(experiment({"namespace": "${token}"}), {}, {"llm": {"token": "hunter2"}}, Systems(), 7)
    assert "hunter2" not in str(told.value)


def test_the_budget_that_the_last_runs_of_the_experiment_spent_is_expected() -> None:
    spent = [{"llm-availability": share} for share in (0.9, 0.001, 0.002, 0.004, 0.003, 0.03)]
    past = {"Pods are taken": spent, "Something else": [{"llm-availability": 0.5}]}
    plan = make_plan(experiment({}), {}, {}, Systems(), 7, lambda title: past[title])
    assert plan.spend[0].past == (0.001, 0.002, 0.004, 0.003, 0.03)
    assert plan.spend[0].expected == 0.003
    assert plan.warnings == (
        "llm-availability: a run of the last 5 spent 3.00% of its error budget, and this one is ended at 2.00%",
    )


@pytest.mark.parametrize(
    ("admit", "warned"),
    [
        ({"budget_left": "0%", "quiet_alerts": False}, True),
        ({"budget_left": "0%"}, False),
        ({"quiet_alerts": False}, False),
    ],
)
def test_terms_that_let_a_run_begin_in_the_middle_of_an_outage_are_warned_of(
    admit: dict[str, Any], warned: bool
) -> None:
    document = experiment({})
    document["extensions"][0]["admit"] = admit
    said = [
        warning for warning in planned(document).warnings if "right for a lab, not where there are users" in warning
    ]
    assert bool(said) == warned


def test_a_token_is_read_back_and_another_text_is_none() -> None:
    plan = planned(experiment({}))
    token = read_token(plan.token)
    assert (token.seed, token.digest, str(token)) == (7, plan.digest, plan.token)
    for text in ("", "7", plan.digest, f"7-{plan.digest[:-1]}", f"-1-{plan.digest}"):
        with pytest.raises(TokenError, match="take the one that `chaos plan FILE` prints"):
            read_token(text)


def test_a_proxy_that_does_not_answer_is_no_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    def unanswered(*_: object) -> None:
        raise ToxiproxyError("no answer from http://127.0.0.1:1")

    monkeypatch.setattr(Take, "plan", unanswered)
    with pytest.raises(UnansweredError, match=r"take 1: no answer from http://127\.0\.0\.1:1"):
        planned(experiment({}))


def test_a_cluster_that_answers_500_once_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    plan, answers = Take.plan, [TransientError("answered 500")]

    def moody(self: Take, arguments: TakeArguments, systems: Systems, choice: Choice) -> Draft:
        if answers:
            raise answers.pop()
        return plan(self, arguments, systems, choice)

    monkeypatch.setattr(Take, "plan", moody)
    assert planned(experiment({"count": 1})).allowed


def test_a_cluster_that_goes_on_answering_500_is_no_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object) -> Draft:
        raise TransientError("answered 500")

    monkeypatch.setattr(Take, "plan", down)
    monkeypatch.setattr(make, "PATIENCE_SECONDS", 0.0)
    with pytest.raises(TransientError, match="answered 500"):
        planned(experiment({"count": 1}))
