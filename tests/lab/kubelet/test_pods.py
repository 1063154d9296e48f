"""Pods on a real kubelet with a real API server: what they get, how they start, restart, are probed and end."""

import os
import signal
import time

import pytest

from tests.lab.kubelet.cluster import NODE, PODS, Cluster, shell, wait_for

pytestmark = pytest.mark.lab
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


def test_a_pod_runs_with_what_its_manifest_asks_for(cluster: Cluster) -> None:
    cluster.request("POST", CONFIG_MAPS, {"metadata": {"name": "c"}, "data": {"COLOUR": "red"}})
    main = shell(
        'echo "$COLOUR $POD_NAME $POD_IP $NVIDIA_VISIBLE_DEVICES $(cat "$MOUNT_ETC_C/COLOUR")"; sleep 9000',
        envFrom=[{"configMapRef": {"name": "c"}}],
        resources={"limits": {"nvidia.com/gpu": "2"}},
        volumeMounts=[{"name": "c", "mountPath": "/etc/c"}],
    )
    cluster.run("env", main, volumes=[{"name": "c", "configMap": {"name": "c"}}])
    cluster.until_ready("env")
    status = cluster.status("env")
    cluster.until_logged("env", f"red env {status['podIP']} 0,1 red\n")
    assert status["phase"] == "Running"
    assert {c["type"]: c["status"] for c in status["conditions"]}["Ready"] == "True"


def test_init_containers_run_one_after_the_other_before_the_rest(cluster: Cluster) -> None:
    mounts = {"volumeMounts": [{"name": "e", "mountPath": "/e"}]}
    cluster.run(
        "inits",
        shell('cat "$MOUNT_E/order"; sleep 9000', **mounts),
        initContainers=[
            shell('sleep 0.1; echo one >> "$MOUNT_E/order"', "one", **mounts),
            shell('echo two >> "$MOUNT_E/order"', "two", **mounts),
        ],
        volumes=[{"name": "e", "emptyDir": {}}],
    )
    cluster.until_running("inits")
    cluster.until_logged("inits", "one\ntwo\n")


def test_a_pod_waits_for_a_config_map_that_is_not_there_yet(cluster: Cluster) -> None:
    cluster.run("waits", shell("echo $A; sleep 9000", envFrom=[{"configMapRef": {"name": "late"}}]))

    def complaint() -> bool:
        waiting = cluster.container("waits").get("state", {}).get("waiting", {})
        return waiting.get("reason") == "CreateContainerConfigError" and '"late" not found' in waiting["message"]

    wait_for(complaint, "the missing ConfigMap is named")
    cluster.request("POST", CONFIG_MAPS, {"metadata": {"name": "late"}, "data": {"A": "here"}})
    cluster.until_running("waits")
    cluster.until_logged("waits", "here")
    assert cluster.container("waits")["restartCount"] == 0


def test_a_mounted_secret_follows_its_object_within_a_second(cluster: Cluster) -> None:
    secrets = "/api/v1/namespaces/default/secrets"
    cluster.request("POST", secrets, {"metadata": {"name": "s"}, "stringData": {"crt": "old"}})
    script = 'while :; do cat "$MOUNT_TLS/crt"; echo; sleep 0.1; done'
    volumes = [{"name": "s", "secret": {"secretName": "s"}}]
    cluster.run("reader", shell(script, volumeMounts=[{"name": "s", "mountPath": "/tls"}]), volumes=volumes)
    cluster.until_running("reader")
    cluster.until_logged("reader", "old\n")
    cluster.request("PUT", f"{secrets}/s", {"metadata": {"name": "s"}, "stringData": {"crt": "new"}})
    wait_for(lambda: "new\n" in cluster.logs("reader"), "the new secret is read", 2)


def test_a_container_without_a_command_says_what_is_missing(cluster: Cluster) -> None:
    cluster.run("image", {"name": "main", "image": "nginx"})
    waiting = wait_for(lambda: cluster.container("image").get("state", {}).get("waiting"), "it waits")
    wait_for(lambda: cluster.container("image")["state"]["waiting"]["reason"] == "ErrImagePull", "the reason is told")
    assert waiting is not None
    cluster.delete("image")
    cluster.until_gone("image")


def test_a_container_that_fails_is_restarted_and_its_end_remembered(cluster: Cluster) -> None:
    cluster.run("fails", shell("echo run; exit 7"))
    wait_for(lambda: cluster.container("fails").get("restartCount", 0) >= 2, "it is restarted twice")
    last = wait_for(lambda: cluster.container("fails")["lastState"].get("terminated"), "its last state is kept")
    assert (last["exitCode"], last["reason"]) == (7, "Error")
    assert cluster.logs("fails", "previous=true") == "run\n"


def test_a_program_that_is_not_there_is_a_start_error(cluster: Cluster) -> None:
    cluster.run("absent", {"name": "main", "image": "none", "command": ["no-such-program"]}, restartPolicy="Never")
    wait_for(lambda: cluster.status("absent")["phase"] == "Failed", "the pod fails")
    state = cluster.container("absent")["state"]["terminated"]
    assert (state["exitCode"], state["reason"]) == (128, "StartError")
    assert "no-such-program" in state["message"]


@pytest.mark.parametrize(("script", "phase", "code"), [("exit 0", "Succeeded", 0), ("kill -9 $$; exit 3", "Failed", 3)])
def test_a_pod_that_runs_once_ends_with_its_exit_code(cluster: Cluster, script: str, phase: str, code: int) -> None:
    cluster.run("once", shell(script), restartPolicy="Never")
    wait_for(lambda: cluster.status("once")["phase"] == phase, f"the pod has {phase}")
    assert cluster.container("once")["state"]["terminated"]["exitCode"] == code


def test_a_process_killed_from_outside_is_seen_as_137(cluster: Cluster) -> None:
    uid = cluster.run("shot", {"name": "main", "image": "none", "command": ["sleep", "9000"]}, restartPolicy="Never")
    cluster.until_running("shot")
    first = next(p for p in cluster.processes(uid["metadata"]["uid"]) if command_of(p) == "sleep 9000")
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: cluster.status("shot")["phase"] == "Failed", "the pod fails")
    assert cluster.container("shot")["state"]["terminated"]["exitCode"] == 137
    assert cluster.logs("shot") == ""


def command_of(pid: int) -> str:
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return file.read().replace(b"\0", b" ").decode().strip()


def test_readiness_follows_its_probe(cluster: Cluster) -> None:
    probe = {"exec": {"command": ["sh", "-c", "test -e ready"]}, "periodSeconds": 1, "failureThreshold": 1}
    cluster.run("probed", shell("sleep 0.3; touch ready; sleep 2; rm ready; sleep 9000", readinessProbe=probe))
    cluster.until_running("probed")
    assert not cluster.container("probed")["ready"]
    cluster.until_ready("probed")
    wait_for(lambda: not cluster.container("probed")["ready"], "it becomes unready")
    assert cluster.container("probed")["restartCount"] == 0


def test_a_container_that_fails_its_liveness_probe_is_restarted(cluster: Cluster) -> None:
    probe = {"tcpSocket": {"port": 9}, "periodSeconds": 1, "failureThreshold": 1}
    cluster.run("dead", shell("sleep 9000", livenessProbe=probe))
    wait_for(lambda: cluster.container("dead").get("restartCount", 0) >= 1, "it is restarted")
    assert cluster.container("dead")["lastState"]["terminated"]["exitCode"] == 137


def test_a_pod_is_asked_to_end_and_given_its_grace(cluster: Cluster) -> None:
    script = "trap 'sleep 0.3; echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done"
    uid = cluster.run("polite", shell(script), terminationGracePeriodSeconds=30)["metadata"]["uid"]
    cluster.until_logged("polite", "up")
    began = time.monotonic()
    cluster.delete("polite")
    assert cluster.pod("polite") is not None
    cluster.until_gone("polite")
    assert 0.3 <= time.monotonic() - began < 10
    assert not cluster.processes(uid)
    wait_for(lambda: not list((cluster.root / "pods").iterdir()), "nothing of it is left on the node")


def test_a_pod_that_does_not_listen_is_killed_after_its_grace(cluster: Cluster) -> None:
    uid = cluster.run("deaf", shell("trap '' TERM; echo up; sleep 9000"))["metadata"]["uid"]
    cluster.until_logged("deaf", "up")
    began = time.monotonic()
    cluster.delete("deaf")
    cluster.until_gone("deaf")
    assert 0.9 <= time.monotonic() - began < 10
    assert not cluster.processes(uid)


def test_a_forced_deletion_kills_at_once(cluster: Cluster) -> None:
    uid = cluster.run("forced", shell("trap '' TERM; sleep 9000"), terminationGracePeriodSeconds=300)["metadata"]["uid"]
    cluster.until_running("forced")
    cluster.delete("forced")
    cluster.delete("forced", gracePeriodSeconds=0)
    wait_for(lambda: not cluster.processes(uid), "its processes are gone", 3)


def test_pods_deleted_while_they_start_leave_nothing(cluster: Cluster) -> None:
    uids = []
    for number in range(12):
        uids.append(cluster.run(f"brief-{number}", shell("sleep 9000"))["metadata"]["uid"])
        cluster.delete(f"brief-{number}", gracePeriodSeconds=0 if number % 2 else 1)
    wait_for(lambda: not cluster.request("GET", PODS)["items"], "all pods are gone")
    wait_for(lambda: not [p for uid in uids for p in cluster.processes(uid)], "all processes are gone", 5)
    wait_for(lambda: not list((cluster.root / "pods").iterdir()), "nothing is left on the node")


def test_addresses_are_not_used_again_at_once(cluster: Cluster) -> None:
    seen = set()
    for _ in range(3):
        cluster.run("again", shell("sleep 9000"))
        cluster.until_running("again")
        seen.add(cluster.status("again")["podIP"])
        cluster.delete("again", gracePeriodSeconds=0)
        cluster.until_gone("again")
    assert len(seen) == 3


def test_gpus_vanish_with_their_device_plugin_and_come_back(cluster: Cluster) -> None:
    def allocatable() -> str:
        return str(cluster.request("GET", f"/api/v1/nodes/{NODE}")["status"]["allocatable"]["nvidia.com/gpu"])

    def label(value: str | None) -> None:
        labels = {"metadata": {"labels": {"nvidia.com/gpu.deploy.device-plugin": value}}}
        cluster.request("PATCH", f"/api/v1/nodes/{NODE}", labels, "application/merge-patch+json")

    assert allocatable() == "2"
    label("false")
    wait_for(lambda: allocatable() == "0", "the GPUs are gone")
    cluster.run("gpu", shell("sleep 9000", resources={"limits": {"nvidia.com/gpu": "1"}}))
    wait_for(lambda: cluster.status("gpu").get("reason") == "UnexpectedAdmissionError", "the pod is refused")
    label(None)
    wait_for(lambda: allocatable() == "2", "the GPUs are back")
