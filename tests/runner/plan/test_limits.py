import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.fault import Affected, DisruptionBudget, Draft, Target
from actions.planned import PlannedFault
from runner.experiment.guard_block import BlastRadius
from runner.plan.limits import exceeded, limits, outside, passed_budgets, refused_evictions
from runner.plan.price import price
from tests.runner.plan.drafts import radius


def draft(*affected: Affected, nodes: tuple[str, ...] = (), gpus: int = 0, targets: tuple[Target, ...] = ()) -> Draft:
    return Draft(targets, "undo", (), affected=affected, nodes=nodes, gpus=gpus)


def llm(*pods: str, gpus: int = 0) -> Affected:
    return Affected("deployment/llm", "ml-serving", 3, pods, gpus=gpus)


def trainer(*pods: str) -> Affected:
    return Affected("job/trainer", "ml-training", 2, pods, gang=True, gpus=2)


def violations(*drafts: Draft, **declared: object) -> list[str]:
    declared_radius = BlastRadius.model_validate(radius(**declared))
    return [str(violation) for violation in exceeded(limits(declared_radius, price(drafts)))]


def test_a_pod_that_two_faults_hit_counts_once() -> None:
    cost = price([draft(llm("a", gpus=1)), draft(llm("a", "b", gpus=2))])
    assert cost.pods == {"ml-serving/a", "ml-serving/b"}
    assert cost.idle_gpus == 2
    assert (cost.capacity[0].ready, cost.capacity[0].after) == (3, 1)


def test_a_gang_loses_everything_with_its_first_pod() -> None:
    (gang,) = price([draft(trainer("rank-1"))]).capacity
    assert (gang.lost, gang.after, gang.share, gang.gpus) == (2, 0, 1.0, 2)


def test_a_gang_is_hit_only_where_that_is_declared_and_its_gpu_hours_are() -> None:
    assert violations(draft(trainer("rank-1")), namespaces=["ml-training"]) == [
        (
            "gang: job/trainer is gang-scheduled, so one pod of it is the whole job; select other pods, or declare "
            "blast_radius.gang: allow"
        ),
        "GPU-hours: 0.17 of at most 0; hit less, or raise blast_radius.gpu_hours.max to 0.17",
    ]
    declared = {"gang": "allow", "gpu_hours": {"max": 0.17}}
    assert violations(draft(trainer("rank-1")), namespaces=["ml-training"], **declared) == []


def test_pods_that_are_reached_in_another_namespace_are_outside_though_no_target_is_there() -> None:
    reaching = Draft((), "undo", (), affected=(llm("a"),), namespaces=("kube-system",))
    declared = BlastRadius.model_validate(radius(namespaces=["ml-serving"]))
    (told,) = outside(declared, [PlannedFault("delay", "network.mesh_delay", {}, reaching)])
    assert str(told) == (
        "delay: it hits namespace kube-system, and only ml-serving may be hit; select targets in ml-serving, or add "
        "kube-system to blast_radius.namespaces"
    )


def test_gpus_of_killed_pods_stand_still_and_those_of_lost_nodes_are_out_of_service() -> None:
    assert violations(draft(llm("a", gpus=8))) == []
    lost = draft(llm("a", gpus=8), nodes=("gpu-a",))
    assert violations(lost) == [
        "nodes: 1 of at most 0; hit less, or raise blast_radius.nodes.max to 1",
        "GPUs: 8 of at most 0; hit less, or raise blast_radius.gpus.max to 8",
    ]
    assert violations(lost, nodes={"max": 1}, gpus={"max": 8}) == []


def test_paths_and_secrets_are_counted() -> None:
    targets = (Target("path", "llm"), Target("path", "features"), Target("secret", "tls", "ml-serving"))
    assert violations(draft(targets=targets), paths={"max": 1}) == [
        "network paths: 2 of at most 1; hit less, or raise blast_radius.paths.max to 2",
        "secrets: 1 of at most 0; hit less, or raise blast_radius.secrets.max to 1",
    ]


def test_a_workload_without_a_ready_pod_is_lost_whole() -> None:
    (none,) = price([draft(Affected("deployment/llm", "ml-serving", 0, ("a",)))]).capacity
    assert (none.share, none.after) == (1.0, 0)


@pytest.mark.parametrize("respected", [True, False])
def test_a_disruption_budget_refuses_evictions_and_is_passed_by_deletions(respected: bool) -> None:
    budget = DisruptionBudget("llm", "ml-serving", allowed=0, taken=1, respected=respected)
    fault = PlannedFault("evict", "pods.evict", {}, Draft((), "undo", (), budgets=(budget,)))
    assert bool(refused_evictions([fault])) is respected
    assert bool(passed_budgets([fault])) is not respected


names = st.sets(st.sampled_from("abcdefgh"), max_size=8).map(sorted).map(tuple)


@given(st.lists(names, max_size=5))
def test_the_price_of_faults_is_that_of_their_union_whatever_their_order(hit: list[tuple[str, ...]]) -> None:
    drafts = [draft(Affected("deployment/llm", "ml-serving", 8, pods, gpus=len(pods))) for pods in hit]
    together = {pod for pods in hit for pod in pods}
    for ordered in (drafts, drafts[::-1]):
        cost = price(ordered)
        assert len(cost.pods) == len(together)
        assert cost.idle_gpus == len(together)
        assert sum(one.lost for one in cost.capacity) == len(together)


@given(st.integers(0, 9), st.integers(0, 9))
def test_a_limit_is_exceeded_exactly_when_more_is_used_than_allowed(used: int, allowed: int) -> None:
    targets = tuple(Target("secret", f"s{index}", "ml-serving") for index in range(used))
    found = violations(draft(targets=targets), secrets={"max": allowed})
    assert bool(found) is (used > allowed)


@given(st.floats(0.001, 10_000), st.integers(1, 512))
def test_the_gpu_hours_that_a_violation_names_are_enough(hours: float, gpus: int) -> None:
    cost = price([draft(trainer("a"), gpus=gpus)])
    seconds = max(1, round(hours))
    declared = {"namespaces": ["ml-training"], "gang": "allow", "gpus": {"max": 999}, "duration": f"{seconds}s"}
    wanted = BlastRadius.model_validate(radius(**declared))
    found = [one for one in exceeded(limits(wanted, cost)) if one.about == "GPU-hours"]
    for violation in found:
        enough = float(violation.remedy.rpartition(" ")[2])
        again = BlastRadius.model_validate(radius(**declared, gpu_hours={"max": enough}))
        assert not any(one.about == "GPU-hours" for one in exceeded(limits(again, cost)))
