"""Pods on a real kubelet with a real API server: what they get, how they start, restart, are probed and end."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.lab.kubelet.cluster import NODE, PODS, Cluster, shell, wait_for

pytestmark = pytest.mark.lab
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


def test_a_pod_runs_with_what_its_manifest_asks_for(shared_cluster: Cluster) -> None:
    shared_cluster.request("POST", CONFIG_MAPS, {"metadata": {"name": "c"}, "data": {"COLOUR": "red"}})
    main = shell(
        'echo "$COLOUR $POD_NAME $POD_IP $NVIDIA_VISIBLE_DEVICES $(cat "$MOUNT_ETC_C/COLOUR")"; sleep 9000',
        envFrom=[{"configMapRef": {"name": "c"}}],
        resources={"limits": {"nvidia.com/gpu": "2"}},
        volumeMounts=[{"name": "c", "mountPath": "/etc/c"}],
    )
    shared_cluster.run("env", main, volumes=[{"name": "c", "configMap": {"name": "c"}}])
    shared_cluster.until_ready("env")
    status = shared_cluster.status("env")
    shared_cluster.until_logged("env", f"red env {status['podIP']} 0,1 red\n")
    assert status["phase"] == "Running"
    assert {c["type"]: c["status"] for c in status["conditions"]}["Ready"] == "True"


def test_init_containers_run_one_after_the_other_before_the_rest(shared_cluster: Cluster) -> None:
    mounts: dict[str, Any] = {"volumeMounts": [{"name": "e", "mountPath": "/e"}]}
    shared_cluster.run(
        "inits",
        shell('cat "$MOUNT_E/order"; sleep 9000', **mounts),
        initContainers=[
            shell('sleep 0.1; echo one >> "$MOUNT_E/order"', "one", **mounts),
            shell('echo two >> "$MOUNT_E/order"', "two", **mounts),
        ],
        volumes=[{"name": "e", "emptyDir": {}}],
    )
    shared_cluster.until_running("inits")
    shared_cluster.until_logged("inits", "one\ntwo\n")


def test_a_pod_waits_for_a_config_map_that_is_not_there_yet(shared_cluster: Cluster) -> None:
    shared_cluster.run("waits", shell("echo $A; sleep 9000", envFrom=[{"configMapRef": {"name": "late"}}]))

    def complaint() -> bool:
        waiting = shared_cluster.container("waits").get("state", {}).get("waiting", {})
        return waiting.get("reason") == "CreateContainerConfigError" and '"late" not found' in waiting["message"]

    wait_for(complaint, "the missing ConfigMap is named")
    shared_cluster.request("POST", CONFIG_MAPS, {"metadata": {"name": "late"}, "data": {"A": "here"}})
    shared_cluster.until_running("waits")
    shared_cluster.until_logged("waits", "here")
    assert shared_cluster.container("waits")["restartCount"] == 0


def test_a_mounted_secret_follows_its_object_within_a_second(shared_cluster: Cluster) -> None:
    secrets = "/api/v1/namespaces/default/secrets"
    shared_cluster.request("POST", secrets, {"metadata": {"name": "s"}, "stringData": {"crt": "old"}})
    script = 'while :; do cat "$MOUNT_TLS/crt"; echo; sleep 0.1; done'
    volumes = [{"name": "s", "secret": {"secretName": "s"}}]
    shared_cluster.run("reader", shell(script, volumeMounts=[{"name": "s", "mountPath": "/tls"}]), volumes=volumes)
    shared_cluster.until_running("reader")
    shared_cluster.until_logged("reader", "old\n")
    shared_cluster.request("PUT", f"{secrets}/s", {"metadata": {"name": "s"}, "stringData": {"crt": "new"}})
    wait_for(lambda: "new\n" in shared_cluster.logs("reader"), "the new secret is read", 2)


def test_a_container_without_a_command_says_what_is_missing(shared_cluster: Cluster) -> None:
    shared_cluster.run("image", {"name": "main", "image": "nginx"})

    def reason() -> str | None:
        waiting = shared_cluster.container("image").get("state", {}).get("waiting", {})
        return waiting.get("message") if waiting.get("reason") == "ErrImagePull" else None

    assert "give the container a command" in wait_for(reason, "the reason is told")
    shared_cluster.delete("image")
    shared_cluster.until_gone("image")


def test_a_container_that_fails_is_restarted_and_its_end_remembered(shared_cluster: Cluster) -> None:
    shared_cluster.run("fails", shell("echo run; exit 7"))
    wait_for(lambda: shared_cluster.container("fails").get("restartCount", 0) >= 2, "it is restarted twice")
    last = wait_for(lambda: shared_cluster.container("fails")["lastState"].get("terminated"), "its last state is kept")
    assert (last["exitCode"], last["reason"]) == (7, "Error")
    assert shared_cluster.logs("fails", "previous=true") == "run\n"


def test_a_program_that_is_not_there_is_a_start_error(shared_cluster: Cluster) -> None:
    shared_cluster.run(
        "absent", {"name": "main", "image": "none", "command": ["no-such-program"]}, restartPolicy="Never"
    )
    wait_for(lambda: shared_cluster.status("absent")["phase"] == "Failed", "the pod fails")
    state = shared_cluster.container("absent")["state"]["terminated"]
    assert (state["exitCode"], state["reason"]) == (128, "StartError")
    assert "no-such-program" in state["message"]


@pytest.mark.parametrize(("script", "phase", "code"), [("exit 0", "Succeeded", 0), ("kill -9 $$; exit 3", "Failed", 3)])
def test_a_pod_that_runs_once_ends_with_its_exit_code(
    shared_cluster: Cluster, script: str, phase: str, code: int
) -> None:
    shared_cluster.run("once", shell(script), restartPolicy="Never")
    wait_for(lambda: shared_cluster.status("once")["phase"] == phase, f"the pod has {phase}")
    assert shared_cluster.container("once")["state"]["terminated"]["exitCode"] == code


def test_a_process_killed_from_outside_is_seen_as_137(shared_cluster: Cluster) -> None:
    uid = shared_cluster.run(
        "shot", {"name": "main", "image": "none", "command": ["sleep", "9000"]}, restartPolicy="Never"
    )
    shared_cluster.until_running("shot")
    first = next(p for p in shared_cluster.processes(uid["metadata"]["uid"]) if command_of(p) == "sleep 9000")
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: shared_cluster.status("shot")["phase"] == "Failed", "the pod fails")
    assert shared_cluster.container("shot")["state"]["terminated"]["exitCode"] == 137
    assert shared_cluster.logs("shot") == ""


def command_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()


def test_readiness_follows_its_probe(shared_cluster: Cluster) -> None:
    probe = {"exec": {"command": ["sh", "-c", "test -e ready"]}, "periodSeconds": 1, "failureThreshold": 1}
    shared_cluster.run("probed", shell("sleep 0.3; touch ready; sleep 2; rm ready; sleep 9000", readinessProbe=probe))
    shared_cluster.until_running("probed")
    assert not shared_cluster.container("probed")["ready"]
    shared_cluster.until_ready("probed")
    wait_for(lambda: not shared_cluster.container("probed")["ready"], "it becomes unready")
    assert shared_cluster.container("probed")["restartCount"] == 0


def test_a_container_that_fails_its_liveness_probe_is_restarted(shared_cluster: Cluster) -> None:
    probe = {"tcpSocket": {"port": 9}, "periodSeconds": 1, "failureThreshold": 1}
    shared_cluster.run("dead", shell("sleep 9000", livenessProbe=probe))
    wait_for(lambda: shared_cluster.container("dead").get("restartCount", 0) >= 1, "it is restarted")
    assert shared_cluster.container("dead")["lastState"]["terminated"]["exitCode"] == 137


def test_a_pod_is_asked_to_end_and_given_its_grace_but_not_made_to_use_it(
    shared_cluster: Cluster, tmp_path: Path
) -> None:
    script = f"trap 'sleep 0.3; echo bye > {tmp_path}/last; exit 0' TERM; echo up; while :; do sleep 0.05; done"
    uid = shared_cluster.run("polite", shell(script), terminationGracePeriodSeconds=600)["metadata"]["uid"]
    shared_cluster.until_logged("polite", "up")
    shared_cluster.delete("polite")
    assert shared_cluster.pod("polite") is not None
    shared_cluster.until_gone("polite")
    assert (tmp_path / "last").read_text() == "bye\n"
    assert not shared_cluster.processes(uid)
    wait_for(lambda: not list((shared_cluster.root / "pods").iterdir()), "nothing of it is left on the node")


def test_a_pod_that_does_not_listen_is_killed_after_its_grace(shared_cluster: Cluster, tmp_path: Path) -> None:
    script = f"trap 'sleep 0.2; echo still here > {tmp_path}/last' TERM; echo up; while :; do sleep 0.05; done"
    uid = shared_cluster.run("deaf", shell(script), terminationGracePeriodSeconds=2)["metadata"]["uid"]
    shared_cluster.until_logged("deaf", "up")
    shared_cluster.delete("deaf")
    shared_cluster.until_gone("deaf")
    assert (tmp_path / "last").read_text() == "still here\n"
    assert not shared_cluster.processes(uid)


def test_a_forced_deletion_kills_at_once(shared_cluster: Cluster) -> None:
    uid = shared_cluster.run("forced", shell("trap '' TERM; sleep 9000"), terminationGracePeriodSeconds=300)[
        "metadata"
    ]["uid"]
    shared_cluster.until_running("forced")
    shared_cluster.delete("forced")
    shared_cluster.delete("forced", gracePeriodSeconds=0)
    wait_for(lambda: not shared_cluster.processes(uid), "its processes are gone", 3)


def test_pods_deleted_while_they_start_leave_nothing(shared_cluster: Cluster) -> None:
    uids = []
    for number in range(12):
        uids.append(shared_cluster.run(f"brief-{number}", shell("sleep 9000"))["metadata"]["uid"])
        shared_cluster.delete(f"brief-{number}", gracePeriodSeconds=0 if number % 2 else 1)
    wait_for(lambda: not shared_cluster.request("GET", PODS)["items"], "all pods are gone")
    wait_for(lambda: not [p for uid in uids for p in shared_cluster.processes(uid)], "all processes are gone", 5)
    wait_for(lambda: not list((shared_cluster.root / "pods").iterdir()), "nothing is left on the node")


def test_addresses_are_not_used_again_at_once(shared_cluster: Cluster) -> None:
    seen = set()
    for _ in range(3):
        shared_cluster.run("again", shell("sleep 9000"))
        shared_cluster.until_running("again")
        seen.add(shared_cluster.status("again")["podIP"])
        shared_cluster.delete("again", gracePeriodSeconds=0)
        shared_cluster.until_gone("again")
    assert len(seen) == 3


def test_gpus_vanish_with_their_device_plugin_and_come_back(shared_cluster: Cluster) -> None:
    def allocatable() -> str:
        return str(shared_cluster.request("GET", f"/api/v1/nodes/{NODE}")["status"]["allocatable"]["nvidia.com/gpu"])

    def label(value: str | None) -> None:
        labels = {"metadata": {"labels": {"nvidia.com/gpu.deploy.device-plugin": value}}}
        shared_cluster.request("PATCH", f"/api/v1/nodes/{NODE}", labels, "application/merge-patch+json")

    assert allocatable() == "2"
    label("false")
    wait_for(lambda: allocatable() == "0", "the GPUs are gone")
    shared_cluster.run("gpu", shell("sleep 9000", resources={"limits": {"nvidia.com/gpu": "1"}}))
    wait_for(lambda: shared_cluster.status("gpu").get("reason") == "UnexpectedAdmissionError", "the pod is refused")
    assert "containerStatuses" not in shared_cluster.status("gpu")
    refusal = (400, 'container "main" in pod "gpu" is not available')
    assert shared_cluster.kubelet("/containerLogs/default/gpu/main") == refusal
    label(None)
    wait_for(lambda: allocatable() == "2", "the GPUs are back")
