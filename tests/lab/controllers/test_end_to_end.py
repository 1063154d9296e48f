"""The controllers as a process, against a real API server; nodes are a few lines of the test."""

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from lab.controllers import conditions, pods
from lab.kubeclient import Document
from tests.lab.apiserver_process import running_apiserver
from tests.lab.controllers.small_cluster import Bench, bench, cluster, controllers, deployment, until
from tests.lab.fake_server import write_kubeconfig

pytestmark = pytest.mark.lab

DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
REPLICA_SETS = "/apis/apps/v1/namespaces/default/replicasets"
SECONDS = 30.0  # for whatever takes a fraction of that on a machine that is not busy


def run(octet: int, directory: Path, test: Callable[[Bench], Awaitable[None]], *arguments: str) -> None:
    async def check(kubeconfig: Path) -> None:
        async with bench(kubeconfig) as made:
            await test(made)

    with cluster(octet, directory, *arguments) as kubeconfig:
        asyncio.run(check(kubeconfig))


async def eventually(check: Callable[[], Any], what: str) -> Any:
    return await until(check, SECONDS, what)


def test_a_deployment_rolls_out_serves_reports_and_goes(lab_octet: int, tmp_path: Path) -> None:
    async def check(b: Bench) -> None:
        for name in ("a", "b"):
            await b.add_node(name)
        await b.apply(
            "api/v1/services",
            {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}},
        )
        await b.apply("apis/apps/v1/deployments", deployment("web"))
        first = await eventually(lambda: b.running("web", 3), "three pods")
        assert {pods.node_of(p) for p in first} == {"a", "b"}

        async def available() -> bool:
            status = (await b.api.get(f"{DEPLOYMENTS}/web"))["status"]
            return bool(status.get("availableReplicas") == 3 and conditions.is_true({"status": status}, "Available"))

        await eventually(available, "an available deployment")

        async def addresses() -> tuple[int, int]:
            endpoints = await b.api.get("/api/v1/namespaces/default/endpoints/web")
            slices = await b.api.list("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices")
            subsets = endpoints.get("subsets") or [{}]
            ready = [e for s in slices["items"] for e in s["endpoints"] or [] if e["conditions"]["ready"]]
            return len(subsets[0].get("addresses") or []), len(ready)

        async def all_serve() -> bool:
            return await addresses() == (3, 3)

        await eventually(all_serve, "three addresses")
        change = {"spec": {"template": {"metadata": {"annotations": {"restarted": "now"}}}}}
        await b.api.patch(f"{DEPLOYMENTS}/web", change)
        old = {p["metadata"]["uid"] for p in first}

        async def replaced() -> bool:
            now = await b.running("web", 3)
            return bool(now) and not old & {p["metadata"]["uid"] for p in now}

        await eventually(replaced, "new pods")
        await eventually(all_serve, "three new addresses")
        annotations = (await b.api.get(f"{DEPLOYMENTS}/web"))["metadata"]["annotations"]
        assert annotations["deployment.kubernetes.io/revision"] == "2"
        events = await b.api.list("/api/v1/namespaces/default/events")
        reasons = {e["reason"] for e in events["items"]}
        assert {"ScalingReplicaSet", "SuccessfulCreate", "SuccessfulDelete", "Scheduled"} <= reasons

        async def all_gone() -> bool:
            sets = await b.api.list(REPLICA_SETS)
            return not sets["items"] and not await b.pods("web")

        await b.api.delete(f"{DEPLOYMENTS}/web")
        await eventually(all_gone, "no replica sets and pods left")

    run(lab_octet, tmp_path, check)


def test_a_lost_node_is_noticed_and_its_pods_are_replaced_and_removed(lab_octet: int, tmp_path: Path) -> None:
    async def check(b: Bench) -> None:
        await b.add_node("a")
        await b.apply("apis/apps/v1/deployments", deployment("web"))
        await eventually(lambda: b.running("web", 3), "three pods")
        await b.add_node("b")
        await b.nodes["a"].lose()

        async def unknown() -> bool:
            ready = conditions.find(await b.api.get("/api/v1/nodes/a"), "Ready")
            return ready is not None and ready["status"] == "Unknown"

        await eventually(unknown, "the node is Unknown")

        async def elsewhere() -> bool:
            return all(pods.node_of(p) == "b" for p in await b.running("web", 3) or [{"spec": {}}])

        await eventually(elsewhere, "three pods on the other node")

        async def removed() -> bool:
            return len(await b.pods("web")) == 3

        await eventually(removed, "the lost pods' objects removed")
        await b.api.delete("/api/v1/nodes/a")
        await b.api.delete("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/a")
        await b.add_node("a")

        async def no_taints() -> bool:
            return not (await b.api.get("/api/v1/nodes/a"))["spec"].get("taints")

        await eventually(no_taints, "a node that is back without taints")

    run(lab_octet, tmp_path, check, "--node-grace-seconds", "1.5", "--force-delete-seconds", "0.5")


def gang_job(name: str, size: int) -> Document:
    labels = {"app": name, "kueue.x-k8s.io/pod-group-name": name}
    metadata = {"labels": labels, "annotations": {"kueue.x-k8s.io/pod-group-total-count": str(size)}}
    container = {"name": "main", "image": "none", "resources": {"limits": {"nvidia.com/gpu": "2"}}}
    spec = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 1, "containers": [container]}
    job = {"completionMode": "Indexed", "completions": size, "parallelism": size, "backoffLimit": 9}
    return {"metadata": {"name": name}, "spec": {**job, "template": {"metadata": metadata, "spec": spec}}}


def test_a_gang_is_placed_whole_heals_and_completes(lab_octet: int, tmp_path: Path) -> None:
    async def check(b: Bench) -> None:
        await b.add_node("gpu-a", nvidia_com__gpu="2")
        await b.apply("apis/batch/v1/jobs", gang_job("train", 2))

        async def refused() -> bool:
            events = await b.api.list("/api/v1/namespaces/default/events")
            failed = [e["message"] for e in events["items"] if e["reason"] == "FailedScheduling"]
            return any("1 of 2 missing pods fit at once" in message for message in failed)

        await eventually(refused, "a gang that does not fit")
        assert not any(pods.node_of(p) for p in await b.pods("train"))
        await b.add_node("gpu-b", nvidia_com__gpu="2")
        ranks = await eventually(lambda: b.running("train", 2), "both ranks")
        assert {pods.node_of(p) for p in ranks} == {"gpu-a", "gpu-b"}
        victim = ranks[0]["metadata"]
        await b.api.delete(f"/api/v1/namespaces/default/pods/{victim['name']}")

        async def healed() -> list[Document]:
            now = await b.running("train", 2)
            return now if victim["uid"] not in {p["metadata"]["uid"] for p in now} else []

        ranks = await eventually(healed, "a new rank")
        indexes = {p["metadata"]["annotations"]["batch.kubernetes.io/job-completion-index"] for p in ranks}
        assert indexes == {"0", "1"}
        for rank in ranks:
            await b.api.patch(
                f"/api/v1/namespaces/default/pods/{rank['metadata']['name']}/status", {"status": {"phase": "Succeeded"}}
            )

        async def complete() -> bool:
            job = await b.api.get("/apis/batch/v1/namespaces/default/jobs/train")
            return conditions.is_true(job, "Complete") and bool(job["status"]["completedIndexes"] == "0,1")

        await eventually(complete, "a complete job")

    run(lab_octet, tmp_path, check)


def daemon_set() -> Document:
    labels = {"app": "daemon"}
    spec = {"terminationGracePeriodSeconds": 1, "containers": [{"name": "main", "image": "none"}]}
    return {
        "metadata": {"name": "daemon"},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": spec}},
    }


def test_daemons_follow_the_nodes_and_a_hand_made_taint_drives_pods_away(lab_octet: int, tmp_path: Path) -> None:
    async def check(b: Bench) -> None:
        await b.add_node("a")
        await b.apply("apis/apps/v1/daemonsets", daemon_set())
        await b.apply("apis/apps/v1/deployments", deployment("web", 1))
        await eventually(lambda: b.running("daemon", 1), "one daemon")
        await eventually(lambda: b.running("web", 1), "one pod")
        await b.add_node("b")
        await eventually(lambda: b.running("daemon", 2), "two daemons")
        await b.api.patch("/api/v1/nodes/a", {"spec": {"taints": [{"key": "repair", "effect": "NoExecute"}]}})

        async def left() -> bool:
            both = [*await b.running("web", 1), *await b.running("daemon", 1)]
            return [pods.node_of(p) for p in both] == ["b", "b"]

        await eventually(left, "everything on the other node")

    run(lab_octet, tmp_path, check)


@pytest.mark.parametrize(("policy", "pods_left"), [("Foreground", 0), ("Background", 0), ("Orphan", 2)])
def test_dependents_go_or_stay_as_the_deletion_asks(
    lab_octet: int, tmp_path: Path, policy: str, pods_left: int
) -> None:
    async def check(b: Bench) -> None:
        await b.add_node("a")
        await b.apply("apis/apps/v1/deployments", deployment("web", 2))
        await eventually(lambda: b.running("web", 2), "two pods")
        await b.api.delete(f"{DEPLOYMENTS}/web", {"propagationPolicy": policy})
        await eventually(lambda: b.gone(f"{DEPLOYMENTS}/web"), "the deployment is gone")

        async def settled() -> bool:
            sets = (await b.api.list(REPLICA_SETS, labelSelector="app=web"))["items"]
            free = all(not s["metadata"].get("ownerReferences") for s in sets)
            return len(sets) == bool(pods_left) and free and len(await b.pods("web")) == pods_left

        await eventually(settled, f"{pods_left} pods left")
        if pods_left:  # A deployment that selects them takes them over again.
            before = {p["metadata"]["uid"] for p in await b.pods("web")}
            await b.apply("apis/apps/v1/deployments", deployment("web", 2))

            async def adopted() -> bool:
                status = (await b.api.get(f"{DEPLOYMENTS}/web")).get("status", {})
                return bool(status.get("availableReplicas") == 2)

            await eventually(adopted, "an adopted replica set")
            assert {p["metadata"]["uid"] for p in await b.pods("web")} == before

    run(lab_octet, tmp_path, check)


def test_controllers_that_were_killed_go_on_where_they_were(lab_octet: int, tmp_path: Path) -> None:
    async def before(kubeconfig: Path) -> None:
        async with bench(kubeconfig) as b:
            await b.apply("apis/apps/v1/deployments", deployment("web", 2))

            async def created() -> bool:
                return len(await b.pods("web")) == 2

            await eventually(created, "two pods")

    async def after(kubeconfig: Path) -> None:
        async with bench(kubeconfig) as b:
            await b.add_node("a")
            await eventually(lambda: b.running("web", 2), "the same two pods, running")
            assert len(await b.pods("web")) == 2

    with running_apiserver(lab_octet, tmp_path) as kubeconfig:
        with controllers(kubeconfig) as process:
            asyncio.run(before(kubeconfig))
            process.send_signal(signal.SIGKILL)
            process.wait(5)
        with controllers(kubeconfig):
            asyncio.run(after(kubeconfig))


def test_a_controller_that_is_left_out_does_nothing(lab_octet: int, tmp_path: Path) -> None:
    async def check(b: Bench) -> None:
        await b.add_node("a")
        await b.apply("apis/apps/v1/deployments", deployment("web", 1))

        async def created() -> bool:
            return len(await b.pods("web")) == 1

        await eventually(created, "a pod")
        # The others work on meanwhile: this one comes later, names its node itself and runs.
        await b.apply("apis/apps/v1/deployments", deployment("later", 1, nodeName="a"))
        await eventually(lambda: b.running("later", 1), "a pod that needs no scheduler")
        assert not pods.node_of((await b.pods("web"))[0])

    run(lab_octet, tmp_path, check, "--without", "scheduler")


def test_controllers_wait_for_a_server_that_is_not_there_yet(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        kubeconfig = write_kubeconfig(tmp_path / "kubeconfig", f"http://127.0.0.1:{taken.getsockname()[1]}")
        log = tmp_path / "controllers.log"

        async def tried_again() -> bool:
            return log.read_text().count("path=/api/v1/pods") >= 3

        with controllers(kubeconfig) as process:
            asyncio.run(eventually(tried_again, "a third attempt"))
            assert process.poll() is None
