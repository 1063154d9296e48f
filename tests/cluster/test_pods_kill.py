"""actions.pods.kill and probes.kube.healed on a Kubernetes API."""

from collections.abc import Iterator

import pytest

from actions.pods import kill
from actions.run_context import NoOpenRunError, Run, close_run, open_run
from actions.targets import RefusedError
from clients.kube import ConflictError, Kube, KubeError, NotFoundError
from probes.kube import NotHealedError, healed
from tests.cluster.workloads import Cluster
from tests.waiting import wait_for

pytestmark = pytest.mark.cluster


@pytest.fixture(autouse=True)
def run() -> Iterator[Run]:
    """An open run."""
    close_run()
    opened = Run("test-run")
    open_run(opened)
    yield opened
    close_run()


def test_exactly_one_pod_is_killed_and_its_deployment_heals(cluster: Cluster, run: Run) -> None:
    cluster.deploy(replicas=3)
    before = cluster.uids()

    killed = kill(cluster.namespace, "app=llm", [cluster.namespace])
    whole = healed(cluster.namespace, "deployment/llm", within_seconds=20)

    (victim,) = killed["killed"]
    assert victim["uid"] in before
    assert victim["owner"].startswith("ReplicaSet/llm-")
    assert set(killed["survivors"]) == before - {victim["uid"]}
    after = {pod["uid"] for pod in whole["pods"]}
    assert after & before == before - {victim["uid"]}
    assert len(after) == 3
    (fault,) = run.faults
    assert (fault.target["uid"], fault.injected_at) == (victim["uid"], victim["at"])


def test_the_recorded_seed_takes_the_same_pod_again(cluster: Cluster) -> None:
    cluster.deploy(replicas=3)
    with pytest.raises(RefusedError):
        kill(cluster.namespace, "app=llm", [cluster.namespace], count=3, seed=5)
    first = kill(cluster.namespace, "app=llm", [cluster.namespace], seed=5)
    assert first["seed"] == 5
    assert len(first["killed"]) == 1


def test_several_pods_are_killed_when_that_is_asked_and_allowed(cluster: Cluster) -> None:
    cluster.deploy(replicas=3)
    before = cluster.uids()
    killed = kill(cluster.namespace, "app=llm", [cluster.namespace], count=2)
    assert len({pod["uid"] for pod in killed["killed"]}) == 2
    wait_for(lambda: len(cluster.uids() - before) == 2, 20)
    assert len(cluster.uids() & before) == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"label_selector": "app=nothing"}, "no pod in namespace .* matches 'app=nothing': nothing was killed"),
        ({"label_selector": " "}, "label_selector is empty"),
        ({"allowed_namespaces": ["other"]}, r"is outside the allowed ones \(other\)"),
        ({"allowed_namespaces": []}, "allowed_namespaces must be a list"),
        ({"allowed_namespaces": "ml-serving"}, "allowed_namespaces must be a list"),
        ({"min_ready_left": 2}, "taking 1 of 2 ready pods leaves 1, and 2 must stay ready"),
        ({"count": 2}, "leaves 0, and 1 must stay ready"),
        ({"count": 0}, "count must be at least 1"),
        ({"grace_seconds": -1}, "grace_seconds must be at least 0"),
    ],
)
def test_what_is_outside_the_limits_is_refused_and_nothing_is_touched(
    cluster: Cluster, run: Run, change: dict[str, object], reason: str
) -> None:
    cluster.deploy(replicas=2)
    before = cluster.uids()
    arguments = {
        "namespace": cluster.namespace,
        "label_selector": "app=llm",
        "allowed_namespaces": [cluster.namespace],
        **change,
    }
    with pytest.raises(RefusedError, match=reason):
        kill(**arguments)  # type: ignore[arg-type]  # wrong types are what some cases are about
    assert cluster.uids() == before
    assert run.faults == []


def test_a_pod_that_nothing_would_replace_is_not_killed(cluster: Cluster) -> None:
    cluster.pod("loner")
    with pytest.raises(RefusedError, match="pod loner has no controller"):
        kill(cluster.namespace, "app=loner", [cluster.namespace], min_ready_left=0)
    assert cluster.uids("loner")


def test_without_an_open_run_nothing_is_killed(cluster: Cluster) -> None:
    cluster.deploy(replicas=2)
    before = cluster.uids()
    close_run()
    with pytest.raises(NoOpenRunError):
        kill(cluster.namespace, "app=llm", [cluster.namespace])
    assert cluster.uids() == before


def test_in_a_dry_run_nothing_is_killed(cluster: Cluster, run: Run) -> None:
    run.dry = True
    with pytest.raises(RefusedError, match="this is a dry run"):
        kill(cluster.namespace, "app=llm", [cluster.namespace])


def test_a_namesake_of_the_pick_is_not_deleted(cluster: Cluster) -> None:
    cluster.pod("loner")
    with Kube() as kube:
        with pytest.raises(ConflictError):
            kube.delete_pod(cluster.namespace, "loner", "00000000-0000-0000-0000-000000000000", 0)
        with pytest.raises(NotFoundError):
            kube.delete_pod(cluster.namespace, "nobody", "00000000-0000-0000-0000-000000000000", 0)
    assert cluster.uids("loner")


def test_a_workload_that_does_not_heal_is_told_with_what_holds_it(cluster: Cluster) -> None:
    cluster.deploy(replicas=2)
    cluster.readying.clear()
    kill(cluster.namespace, "app=llm", [cluster.namespace])
    with pytest.raises(
        NotHealedError, match=r"deployment/llm is not whole after 1 s: 1 of 2 ready; pod llm-\S+: Pending"
    ):
        healed(cluster.namespace, "deployment/llm", within_seconds=1)


def test_a_workload_that_is_not_there_is_told_at_once(cluster: Cluster) -> None:
    with pytest.raises(NotFoundError, match=r"cannot get deployments nobody.*not there \(404\)"):
        healed(cluster.namespace, "deployment/nobody")


@pytest.mark.parametrize("workload", ["llm", "pod/llm", "deployment/"])
def test_a_workload_must_be_named_by_kind_and_name(cluster: Cluster, workload: str) -> None:
    with pytest.raises(ValueError, match="write it like deployment/llm"):
        healed(cluster.namespace, workload)


def test_a_kind_is_read_as_the_api_has_it(cluster: Cluster) -> None:
    cluster.deploy(replicas=1)
    with Kube() as kube:
        assert kube.workload("Deployment", cluster.namespace, "llm")["spec"]["replicas"] == 1
        with pytest.raises(KubeError, match="not a workload that mlchaos reads"):
            kube.workload("Job", cluster.namespace, "llm")
