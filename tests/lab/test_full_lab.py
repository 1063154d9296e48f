"""The whole lab: nothing in it is faked, and it loses and regains nodes as a cluster does."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.nodes import NODES
from lab.servers import BY_NAME, SERVERS, find, find_program
from tests.lab.labs import Lab
from tests.waiting import wait_for

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("full-lab"), pytest.mark.timeout(900)]

needs_prometheus = pytest.mark.needs("prometheus")

SERVERS_HERE = {server.name for server in SERVERS if find(server) is not None}
KUBECTL = find_program("kubectl")
needs_kubectl = pytest.mark.skipif(
    KUBECTL is None, reason="kubectl is not on this machine; bring it with: chaos lab servers --bring"
)


def kubectl(lab: Lab, *arguments: str) -> str:
    assert KUBECTL is not None
    done = subprocess.run(
        [KUBECTL, *arguments],
        env={**os.environ, "KUBECONFIG": str(lab.directory.kubeconfig)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stdout}{done.stderr}"
    return done.stdout


@dataclass(frozen=True, slots=True)
class Pod:
    name: str
    uid: str
    node: str
    running: bool
    ready: bool
    of_daemon_set: bool


def pods(lab: Lab, namespace: str, app: str) -> list[Pod]:
    return listed(lab, f"/api/v1/namespaces/{namespace}/pods?labelSelector=app%3D{app}")


def listed(lab: Lab, path: str) -> list[Pod]:
    """Pods as the API gives them, asked by hand: no client's cache in between."""
    found = []
    for pod in json.loads(lab.api(path))["items"]:
        metadata, status = pod["metadata"], pod["status"]
        conditions = {condition["type"]: condition["status"] for condition in status.get("conditions", [])}
        found.append(
            Pod(
                name=metadata["name"],
                uid=metadata["uid"],
                node=pod["spec"].get("nodeName", ""),
                running=status["phase"] == "Running" and "deletionTimestamp" not in metadata,
                ready=conditions.get("Ready") == "True" and "deletionTimestamp" not in metadata,
                of_daemon_set=any(owner["kind"] == "DaemonSet" for owner in metadata.get("ownerReferences", [])),
            )
        )
    return found


def running_on(lab: Lab, node: str) -> list[str]:
    """Names of the pods that run on a node, those of DaemonSets left out."""
    return [p.name for p in listed(lab, "/api/v1/pods") if p.node == node and p.running and not p.of_daemon_set]


def processes_of(lab: Lab, pod_uid: str) -> list[int]:
    """The lab's processes whose environment names the pod."""
    found = []
    for pid in lab.processes():
        try:
            if f"MLCHAOS_POD_UID={pod_uid}".encode() in Path(f"/proc/{pid}/environ").read_bytes():
                found.append(pid)
        except OSError:
            continue
    return found


def ready(lab: Lab, namespace: str, app: str, count: int) -> bool:
    return [pod.ready for pod in pods(lab, namespace, app)] == [True] * count


def test_everything_that_was_started_runs(full_lab: Lab) -> None:
    state = full_lab.state()
    assert state.phase == "ready"
    assert [component.name for component in state.components if not component.running] == []
    expected = {
        "apiserver",
        "controllers",
        "proxy",
        "reaper",
        "exporter",
        *SERVERS_HERE,
        *(node.name for node in NODES),
    }
    assert {component.name for component in state.components} == expected
    assert {missing.name for missing in state.missing} == set(BY_NAME) - SERVERS_HERE


@needs_prometheus
def test_prometheus_scrapes_every_workload(full_lab: Lab) -> None:
    expected = {"gateway", "llm", "loadgen", "pager", "trainer", "store", "nvidia-dcgm-exporter"}
    if "redis" in SERVERS_HERE:
        expected.add("ranker")

    def all_up() -> bool:
        rows = full_lab.query('up{pod!=""}')
        return {row["metric"]["app"] for row in rows if row["value"][1] == "1"} == expected

    wait_for(all_up, 20)


@needs_prometheus
def test_load_flows_through_the_gateway_to_every_replica(full_lab: Lab) -> None:
    wait_for(lambda: (full_lab.value('sum(rate(loadgen_requests_total{outcome="ok",target="llm"}[10s]))') or 0) > 1, 30)
    wait_for(lambda: (full_lab.value('count(rate(vllm:generation_tokens_total{app="llm"}[10s]) > 0)') or 0) == 3, 30)


@pytest.mark.needs("prometheus", "redis")
def test_load_flows_to_the_ranker_and_its_features(full_lab: Lab) -> None:
    wait_for(lambda: (full_lab.value('sum(rate(loadgen_requests_total{outcome="ok",target="ranker"}[10s]))') or 0) > 1)


@needs_prometheus
def test_the_trainer_learns_and_checkpoints(full_lab: Lab) -> None:
    first = wait_for(lambda: full_lab.value('mltrain_loss{rank="0"}'), 30)
    assert first is not None
    wait_for(lambda: (full_lab.value('mltrain_loss{rank="0"}') or first) < first, 60, every=0.5)
    wait_for(lambda: full_lab.value('mltrain_checkpoint_last_success_timestamp_seconds{rank="0"}'), 30, every=0.5)


def test_killing_a_pod_kills_its_process_and_another_takes_its_place(full_lab: Lab) -> None:
    wait_for(lambda: ready(full_lab, "ml-serving", "llm", 3), 30)
    victim = pods(full_lab, "ml-serving", "llm")[0]
    assert processes_of(full_lab, victim.uid)
    full_lab.api(f"/api/v1/namespaces/ml-serving/pods/{victim.name}?gracePeriodSeconds=0", "DELETE")
    wait_for(lambda: not processes_of(full_lab, victim.uid), 10)
    wait_for(lambda: ready(full_lab, "ml-serving", "llm", 3), 30)
    assert victim.uid not in [pod.uid for pod in pods(full_lab, "ml-serving", "llm")]


@needs_prometheus
def test_a_lost_node_takes_its_pods_along_and_the_trainer_resumes_when_it_is_back(full_lab: Lab) -> None:
    wait_for(lambda: ready(full_lab, "ml-training", "trainer", 2), 30)
    recoveries = full_lab.value('mltrain_recoveries_total{rank="0"}') or 0.0
    lost_before = full_lab.value('mltrain_lost_steps_total{rank="0"}')
    wait_for(lambda: full_lab.value('mltrain_checkpoint_last_success_timestamp_seconds{rank="0"}'), 30)
    lost = next(pod for pod in pods(full_lab, "ml-training", "trainer") if pod.node == "gpu-b")
    assert full_lab.command("stop", "gpu-b").returncode == 0
    try:
        wait_for(lambda: not processes_of(full_lab, lost.uid), 5)
        wait_for(lambda: node_ready(full_lab, "gpu-b") == "Unknown", 15)
        wait_for(lambda: not running_on(full_lab, "gpu-b"), 30)
        # Its replacement has nowhere to go: the ranks may not share a node, and there is no third GPU node.
        wait_for(lambda: [p.node for p in pods(full_lab, "ml-training", "trainer") if not p.running] == [""], 15)
    finally:
        assert full_lab.command("start", "gpu-b").returncode == 0
    wait_for(lambda: node_ready(full_lab, "gpu-b") == "True", 15)
    wait_for(lambda: ready(full_lab, "ml-training", "trainer", 2), 45)
    wait_for(lambda: (full_lab.value('mltrain_recoveries_total{rank="0"}') or 0) > recoveries, 45, every=0.2)
    lost_after = full_lab.value('mltrain_lost_steps_total{rank="0"}')
    assert lost_before is not None
    assert lost_after is not None
    assert (full_lab.value('mltrain_last_lost_steps{rank="0"}') or 0) <= lost_after - lost_before
    assert (full_lab.value('mltrain_last_recovery_seconds{rank="0"}') or 0) > 0
    wait_for(lambda: ready(full_lab, "ml-serving", "llm", 3), 45)


def node_ready(lab: Lab, name: str) -> str:
    conditions = json.loads(lab.api(f"/api/v1/nodes/{name}"))["status"]["conditions"]
    return next(str(condition["status"]) for condition in conditions if condition["type"] == "Ready")


@needs_kubectl
def test_kubectl_looks_into_the_lab(full_lab: Lab) -> None:
    assert "READY" in kubectl(full_lab, "get", "pods", "-A")
    assert "gpu-b" in kubectl(full_lab, "get", "nodes")
    victim = pods(full_lab, "ml-serving", "llm")[0].name
    described = kubectl(full_lab, "-n", "ml-serving", "describe", "pod", victim)
    assert "Events:" in described
    assert "lab.workloads.llm" in described
    assert "msg=" in kubectl(full_lab, "-n", "ml-serving", "logs", victim, "--tail", "20")
    assert kubectl(full_lab, "-n", "ml-serving", "exec", victim, "--", "sh", "-c", "echo here $POD_NAME") == (
        f"here {victim}\n"
    )


@needs_kubectl
def test_kubectl_deletes_a_pod(full_lab: Lab) -> None:
    victim = pods(full_lab, "ml-serving", "llm")[0].name
    assert "deleted" in kubectl(full_lab, "-n", "ml-serving", "delete", "pod", victim)
    assert victim not in [pod.name for pod in pods(full_lab, "ml-serving", "llm")]
    wait_for(lambda: ready(full_lab, "ml-serving", "llm", 3), 45)


@needs_kubectl
def test_kubectl_drains_a_node_within_the_disruption_budget(full_lab: Lab) -> None:
    kubectl(full_lab, "cordon", "cpu-a")
    assert "SchedulingDisabled" in kubectl(full_lab, "get", "node", "cpu-a")
    try:
        flags = ["--ignore-daemonsets", "--delete-emptydir-data", "--timeout=45s"]
        kubectl(full_lab, "drain", "cpu-a", *flags)
        assert running_on(full_lab, "cpu-a") == []
    finally:
        kubectl(full_lab, "uncordon", "cpu-a")
    wait_for(lambda: ready(full_lab, "ml-serving", "gateway", 1), 45)
    wait_for(lambda: ready(full_lab, "ml-serving", "loadgen", 1), 45)


@pytest.mark.needs("prometheus", "toxiproxy")
def test_a_server_is_stopped_and_started_again(full_lab: Lab) -> None:
    assert full_lab.command("stop", "toxiproxy").returncode == 0
    status = full_lab.command("status")
    assert status.returncode == 1
    assert "toxiproxy" in status.stdout
    assert full_lab.command("start", "toxiproxy").returncode == 0
    assert full_lab.command("status").returncode == 0
    wait_for(lambda: (full_lab.value('sum(rate(loadgen_requests_total{outcome="ok",target="llm"}[5s]))') or 0) > 1, 45)


def test_a_name_that_is_no_component_is_refused_with_those_there_are(full_lab: Lab) -> None:
    refused = full_lab.command("stop", "gpu-z")
    assert refused.returncode == 2
    assert "gpu-b" in refused.stderr
