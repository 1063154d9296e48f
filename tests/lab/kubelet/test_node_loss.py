"""What becomes of pods when their kubelet, or the API server, dies."""

from pathlib import Path
from typing import Any

import pytest

from tests.lab.kubelet.cluster import NODE, Cluster, a_cluster, shell, wait_for

pytestmark = [pytest.mark.lab, pytest.mark.crash]

FAMILY = """
(setsid sh -c 'sleep 9001 & sleep 9002' &)
sh -c 'sh -c "sleep 9003 & wait"' &
(sleep 9004 &) &
echo family; wait; sleep 9005
"""


def family(cluster: Cluster, name: str, **spec: Any) -> tuple[str, list[int]]:
    """A running pod with children, grandchildren and daemons, and all its processes."""
    uid = cluster.run(name, shell(FAMILY), **spec)["metadata"]["uid"]
    cluster.until_logged(name, "family")

    def all_of_it() -> list[int] | None:
        found = cluster.processes(uid)
        return found if len(found) >= 7 else None

    return uid, wait_for(all_of_it, "the family is there")


def test_kill_9_of_the_kubelet_takes_every_process_of_its_pods(cluster: Cluster) -> None:
    uid, processes = family(cluster, "family")
    cluster.kubelets[0].kill()
    wait_for(lambda: not cluster.processes(uid), f"all of {processes} are gone", 3)


def test_without_pid_namespaces_a_deleted_pod_takes_its_daemons_along(lab_octet: int, tmp_path: Path) -> None:
    with a_cluster(lab_octet, tmp_path) as cluster:
        cluster.start_kubelet("--pid-isolation", "off")
        uid, _ = family(cluster, "family")
        cluster.delete("family")
        cluster.until_gone("family")
        assert not cluster.processes(uid)


def test_without_pid_namespaces_the_next_kubelet_sweeps_what_was_left(lab_octet: int, tmp_path: Path) -> None:
    with a_cluster(lab_octet, tmp_path) as cluster:
        cluster.start_kubelet("--pid-isolation", "off")
        uid, processes = family(cluster, "family")
        cluster.kubelets[-1].kill()
        cluster.kubelets[-1].wait()
        cluster.start_kubelet("--pid-isolation", "off")
        wait_for(lambda: not set(cluster.processes(uid)) & set(processes), f"all of {processes} are gone", 3)
        cluster.delete("family", gracePeriodSeconds=0)


def test_sigterm_ends_the_kubelet_and_its_pods_without_their_grace(cluster: Cluster) -> None:
    uid, _ = family(cluster, "family", terminationGracePeriodSeconds=600)
    cluster.kubelets[0].terminate()
    assert cluster.kubelets[0].wait(30) == 0
    assert not cluster.processes(uid)


def test_a_restarted_kubelet_starts_its_pods_anew_and_completes_deletions(cluster: Cluster) -> None:
    cluster.run("stays", shell("echo up; sleep 9000"))
    cluster.run("once", shell("sleep 9000"), restartPolicy="Never")
    cluster.run("goes", shell("sleep 9000"))
    for name in ("stays", "once", "goes"):
        cluster.until_running(name)
    cluster.kubelets[0].kill()
    cluster.kubelets[0].wait()
    cluster.delete("goes")
    assert cluster.pod("goes") is not None
    cluster.start_kubelet()
    cluster.until_gone("goes")
    wait_for(lambda: cluster.container("stays")["restartCount"] == 1, "the pod is started anew")
    cluster.until_ready("stays")
    assert cluster.container("stays")["lastState"]["terminated"]["reason"] == "ContainerStatusUnknown"
    wait_for(lambda: cluster.status("once")["phase"] == "Failed", "a pod that runs once is not run twice")


def test_pods_outlive_the_api_server_and_are_reported_when_it_is_back(cluster: Cluster) -> None:
    uid = cluster.run("outlives", shell("sleep 1; exit 3"), restartPolicy="Never")["metadata"]["uid"]
    keeps = cluster.run("keeps", shell("sleep 9000"))["metadata"]["uid"]
    cluster.until_running("outlives")
    cluster.until_running("keeps")
    with cluster.api_server_stopped():
        wait_for(lambda: not cluster.processes(uid), "the pod ends unseen")
        assert cluster.processes(keeps)
    wait_for(lambda: cluster.status("outlives")["phase"] == "Failed", "its end is reported")
    assert cluster.container("keeps")["restartCount"] == 0


def test_a_second_kubelet_in_the_same_directory_is_refused(cluster: Cluster) -> None:
    second = cluster.spawn_kubelet("--pid-isolation", "off")
    assert second.wait(10) == 1
    assert "another kubelet works in" in (cluster.directory / "kubelet-1.log").read_text()
    assert cluster.kubelet_is_up()


def test_the_node_is_ready_with_a_lease_and_comes_back_when_deleted(cluster: Cluster) -> None:
    lease = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/" + NODE
    first = wait_for(lambda: cluster.request("GET", lease), "there is a lease")["spec"]["renewTime"]
    wait_for(lambda: cluster.request("GET", lease)["spec"]["renewTime"] > first, "it is renewed", 3)
    cluster.request("DELETE", f"/api/v1/nodes/{NODE}")

    def ready() -> bool:
        conditions = (cluster.request("GET", f"/api/v1/nodes/{NODE}") or {}).get("status", {}).get("conditions", [])
        return {"Ready": "True"}.items() <= {c["type"]: c["status"] for c in conditions}.items()

    wait_for(ready, "the node registers again", 5)
