"""actions.pods and the choice of pods on a Kubernetes API."""

from collections.abc import Iterator
from typing import Any

import pytest

from actions.fault import RefusedError
from actions.run_context import NoOpenRunError, close_run
from actions.systems import Systems
from clients.kube import ConflictError, Kube, KubeError, NotFoundError
from probes.kube import NotHealedError, healed
from tests.cluster.pod_faults import Life
from tests.cluster.workloads import NOBODY, Cluster
from tests.waiting import wait_for

pytestmark = pytest.mark.cluster


@pytest.fixture
def systems(cluster: Cluster) -> Iterator[Systems]:
    del cluster
    with Systems() as opened:
        yield opened


@pytest.fixture
def life(cluster: Cluster, systems: Systems) -> "Lives":
    return Lives(cluster, systems)


class Lives:
    """Faults of the pods with the label app=llm, or of others."""

    def __init__(self, cluster: Cluster, systems: Systems) -> None:
        self._cluster, self._systems = cluster, systems

    def __call__(self, name: str, **arguments: Any) -> Life:
        selection = {"namespace": self._cluster.namespace, "label_selector": "app=llm"}
        return Life(name, selection | arguments, self._systems)


def budget(cluster: Cluster, name: str, **spec: Any) -> None:
    """A disruption budget over app=llm, once its controller has counted."""
    body = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": {"app": "llm"}}, **spec},
    }
    cluster.policy.create_namespaced_pod_disruption_budget(cluster.namespace, body)

    def counted() -> bool:
        status = cluster.policy.read_namespaced_pod_disruption_budget(name, cluster.namespace).status
        return bool(status and status.observed_generation and status.current_healthy)

    wait_for(counted, 20)


def test_the_planned_pods_are_killed_and_their_deployment_heals(cluster: Cluster, life: Lives) -> None:
    cluster.deploy(replicas=4)
    before = cluster.uids()
    kill = life("pods.kill", percent=50, workload="deployment/llm", grace_seconds=0)

    draft = kill.plan()
    injections = kill.intend(draft)
    kill.inject(injections)
    kill.undo(injections)
    whole = healed(cluster.namespace, "deployment/llm", within_seconds=30)

    victims = {target.uid for target in draft.targets}
    assert len(victims) == 2
    assert {pod["uid"] for pod in whole["pods"]} & before == before - victims
    (lost,) = draft.affected
    assert (lost.workload, lost.ready, len(lost.pods), lost.gang) == ("deployment/llm", 4, 2, False)
    assert draft.locks == (f"workload:{cluster.namespace}/deployment/llm",)
    assert draft.candidates == 4
    with pytest.raises(RefusedError, match="went away before it could be hit"):
        kill.inject(injections)


def test_the_same_seed_picks_the_same_pods_and_planning_touches_nothing(cluster: Cluster, life: Lives) -> None:
    cluster.deploy(replicas=3)
    before = cluster.uids()
    first, again = life("pods.kill").plan(), life("pods.kill").plan()
    assert first == again
    assert cluster.uids() == before


def test_an_eviction_asks_the_disruption_budget_and_waits_until_it_allows_it(cluster: Cluster, life: Lives) -> None:
    cluster.deploy(replicas=2)
    budget(cluster, "llm", minAvailable=2)
    evict = life("pods.evict", retry_seconds=0.3, grace_seconds=0)
    draft = evict.plan()
    (asked,) = draft.budgets
    assert (asked.name, asked.allowed, asked.taken, asked.respected) == ("llm", 0, 1, True)
    before = cluster.uids()
    with pytest.raises(RefusedError, match=r"may not be evicted now, asked for 0.3 s: .*429"):
        evict.inject(evict.intend(draft))
    assert cluster.uids() == before

    patient = life("pods.evict", retry_seconds=30, grace_seconds=0)
    intended = patient.intend(patient.plan())
    cluster.policy.patch_namespaced_pod_disruption_budget("llm", cluster.namespace, {"spec": {"minAvailable": 1}})
    patient.inject(intended)
    assert cluster.uids() != before


def test_a_pod_under_two_budgets_cannot_be_evicted_and_the_plan_says_so(cluster: Cluster, life: Lives) -> None:
    cluster.deploy(replicas=2)
    budget(cluster, "one", minAvailable=1)
    budget(cluster, "two", minAvailable=1)
    with pytest.raises(RefusedError, match=r"several disruption budgets select it \(one, two\)"):
        life("pods.evict").plan()
    assert len(life("pods.kill").plan().budgets) == 2


def test_one_rank_of_a_gang_is_the_whole_gang(cluster: Cluster, life: Lives) -> None:
    labels = {"app": "trainer", "kueue.x-k8s.io/pod-group-name": "trainer"}
    template = {"metadata": {"labels": labels}, "spec": job_pod()}
    spec = {"completions": 3, "parallelism": 3, "completionMode": "Indexed", "backoffLimit": 2, "template": template}
    cluster.batch.create_namespaced_job(cluster.namespace, {"metadata": {"name": "trainer"}, "spec": spec})
    wait_for(lambda: len(cluster.ready_uids("trainer")) == 3, 20)

    kill = life("pods.kill", label_selector="app=trainer", rank=1, workload="job/trainer", grace_seconds=0)
    draft = kill.plan()
    (target,) = draft.targets
    (lost,) = draft.affected
    assert target.name.startswith("trainer-1-")
    assert (lost.workload, lost.ready, len(lost.pods), lost.gang, lost.gpus) == ("job/trainer", 3, 3, True, 6)
    kill.inject(kill.intend(draft))
    wait_for(lambda: target.uid not in cluster.uids("trainer") and len(cluster.ready_uids("trainer")) == 3, 30)
    with pytest.raises(RefusedError, match="gives up after 2 failures"):
        life("pods.kill", label_selector="app=trainer", count=3).plan()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"label_selector": "app=lmm"},
            "no running pod .* matches 'app=lmm': nothing was touched; did you mean app=llm",
        ),
        ({"rank": 3}, "with rank 3: 2 match the labels, none of them; nothing was touched"),
        ({"node": "nowhere"}, "on node nowhere"),
        ({"zone": "nowhere"}, "no node is in zone 'nowhere'"),
        ({"count": 3}, "3 ready pods that match 'app=llm' are to be taken .*: 2 of 2 looked at are ready"),
        ({"percent": 10}, "10% of 2 running pods that match 'app=llm' is less than one"),
        ({"workload": "deployment/gateway"}, "is not of deployment/gateway but of replicaset/llm-.* in deployment/llm"),
    ],
)
def test_a_selector_that_does_not_fit_is_refused_and_says_why(
    cluster: Cluster, life: Lives, change: dict[str, Any], reason: str
) -> None:
    cluster.deploy(replicas=2)
    with pytest.raises(RefusedError, match=reason):
        life("pods.kill", **change).plan()


def test_a_pod_that_nothing_would_replace_is_not_killed(cluster: Cluster, life: Lives) -> None:
    cluster.pod("loner")
    with pytest.raises(RefusedError, match="pod loner has no controller"):
        life("pods.kill", label_selector="app=loner").plan()


def test_without_an_open_run_nothing_is_killed(cluster: Cluster) -> None:
    from actions.pods import kill

    cluster.deploy(replicas=2)
    before = cluster.uids()
    close_run()
    with pytest.raises(NoOpenRunError):
        kill(namespace=cluster.namespace, label_selector="app=llm")
    assert cluster.uids() == before


def test_a_namesake_of_the_pick_is_not_deleted(cluster: Cluster) -> None:
    cluster.pod("loner")
    with Kube() as kube:
        with pytest.raises(ConflictError):
            kube.delete_pod(cluster.namespace, "loner", "00000000-0000-0000-0000-000000000000", 0)
        with pytest.raises(NotFoundError):
            kube.delete_pod(cluster.namespace, "nobody", "00000000-0000-0000-0000-000000000000", 0)
    assert cluster.uids("loner")


def test_a_workload_that_does_not_heal_is_told_with_what_holds_it(cluster: Cluster, life: Lives) -> None:
    cluster.deploy(replicas=2)
    kill = life("pods.kill", grace_seconds=0)
    intended = kill.intend(kill.plan())
    cluster.readying.clear()
    kill.inject(intended)
    with pytest.raises(
        NotHealedError, match=r"deployment/llm is not whole after 1 s: 1 of 2 ready; pod llm-\S+: Pending"
    ):
        healed(cluster.namespace, "deployment/llm", within_seconds=1)


def test_a_workload_that_is_not_there_is_told_at_once(cluster: Cluster) -> None:
    with pytest.raises(NotFoundError, match=r"cannot get deployments nobody.*not there \(404\)"):
        healed(cluster.namespace, "deployment/nobody")


@pytest.mark.parametrize("workload", ["llm", "pod/llm", "deployment/"])
def test_a_workload_must_be_named_by_kind_and_name(workload: str) -> None:
    with pytest.raises(ValueError, match="write it like deployment/llm"):
        healed("ml-serving", workload)


def test_a_kind_is_read_as_the_api_has_it(cluster: Cluster) -> None:
    cluster.deploy(replicas=1)
    with Kube() as kube:
        assert kube.workload("Deployment", cluster.namespace, "llm")["spec"]["replicas"] == 1
        with pytest.raises(KubeError, match="not a workload that mlchaos reads"):
            kube.workload("Widget", cluster.namespace, "llm")


def job_pod() -> dict[str, Any]:
    limits = {"nvidia.com/gpu": "2"}
    container = {"name": "main", "image": "registry.invalid/none", "command": ["none"], "resources": {"limits": limits}}
    return {"schedulerName": NOBODY, "restartPolicy": "Never", "containers": [container]}
