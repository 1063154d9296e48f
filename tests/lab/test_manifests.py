"""The manifests of the serving stack are what an operator expects to find."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.workloads.gateway.__main__ import METRICS_PORT as GATEWAY_METRICS_PORT
from lab.workloads.gateway.__main__ import PORT as GATEWAY_PORT
from lab.workloads.llm.__main__ import PORT as LLM_PORT
from lab.workloads.loadgen.__main__ import METRICS_PORT as LOADGEN_METRICS_PORT
from lab.workloads.pager import PORT as PAGER_PORT
from lab.workloads.ranker.__main__ import PORT as RANKER_PORT
from lab.workloads.store import METRICS_PORT as STORE_METRICS_PORT
from lab.workloads.store import PORT as STORE_PORT

MANIFESTS = Path(__file__).parents[2] / "lab" / "manifests"
SERVING = {
    "llm": ("ml-serving", 3, LLM_PORT),
    "gateway": ("ml-serving", 1, GATEWAY_METRICS_PORT),
    "ranker": ("ml-serving", 2, RANKER_PORT),
    "loadgen": ("ml-serving", 1, LOADGEN_METRICS_PORT),
    "pager": ("ml-platform", 1, PAGER_PORT),
}
GPU = "nvidia.com/gpu"
GPU_NODES, GPUS_PER_NODE, TRAINER_GPUS = 2, 4, 4


def documents(name: str) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all((MANIFESTS / f"{name}.yaml").read_text()) if document]


def only(name: str, kind: str) -> dict[str, Any]:
    (found,) = [document for document in documents(name) if document["kind"] == kind]
    return found


def container(name: str) -> dict[str, Any]:
    (found,) = only(name, "Deployment")["spec"]["template"]["spec"]["containers"]
    return dict(found)


@pytest.mark.parametrize("path", sorted(MANIFESTS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_manifest_parses_into_named_objects(path: Path) -> None:
    found = documents(path.stem)
    assert found
    for document in found:
        assert document["apiVersion"]
        assert document["metadata"]["name"]
        assert document["kind"] == "Namespace" or document["metadata"]["namespace"]


def test_all_programs_name_one_image() -> None:
    templates = [
        document["spec"]["template"]["spec"]
        for path in MANIFESTS.glob("*.yaml")
        for document in documents(path.stem)
        if "template" in document.get("spec", {})
    ]
    images = {each["image"] for spec in templates for each in (*spec.get("initContainers", []), *spec["containers"])}
    assert images == {"mlchaos-lab"}


def test_the_namespaces_are_those_that_the_manifests_use() -> None:
    declared = {document["metadata"]["name"] for document in documents("namespaces")}
    assert declared == {"ml-serving", "ml-training", "ml-platform", "gpu-operator"}
    used = {
        document["metadata"]["namespace"]
        for path in MANIFESTS.glob("*.yaml")
        for document in documents(path.stem)
        if document["kind"] != "Namespace"
    }
    assert used <= declared


@pytest.mark.parametrize("name", SERVING)
def test_a_deployment_selects_its_own_pods(name: str) -> None:
    namespace, replicas, _ = SERVING[name]
    deployment = only(name, "Deployment")
    assert deployment["metadata"]["namespace"] == namespace
    assert deployment["spec"]["replicas"] == replicas
    assert deployment["spec"]["selector"]["matchLabels"] == {"app": name}
    assert deployment["spec"]["template"]["metadata"]["labels"]["app"] == name


@pytest.mark.parametrize("name", SERVING)
def test_prometheus_is_told_where_the_metrics_are(name: str) -> None:
    annotations = only(name, "Deployment")["spec"]["template"]["metadata"]["annotations"]
    assert annotations == {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": str(SERVING[name][2]),
        "prometheus.io/path": "/metrics",
    }
    assert SERVING[name][2] in [port["containerPort"] for port in container(name)["ports"]]


@pytest.mark.parametrize("name", SERVING)
def test_every_container_has_probes_resources_and_a_command(name: str) -> None:
    found = container(name)
    assert found["command"] == ["python", "-m", f"lab.workloads.{name}"]
    assert set(found["resources"]["requests"]) >= {"cpu", "memory"}
    assert "memory" in found["resources"]["limits"]
    ports = {port["containerPort"] for port in found["ports"]}
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert found[probe]["periodSeconds"] == 1
        assert found[probe]["httpGet"]["port"] in ports
    # Traffic goes away before the container does.
    assert found["readinessProbe"]["failureThreshold"] < found["livenessProbe"]["failureThreshold"]


@pytest.mark.parametrize("name", [name for name in SERVING if name != "loadgen"])
def test_a_service_points_at_a_port_of_its_pods(name: str) -> None:
    service = only(name, "Service")
    assert service["spec"]["selector"] == {"app": name}
    (port,) = service["spec"]["ports"]
    assert port["port"] == port["targetPort"]
    assert port["targetPort"] in [own["containerPort"] for own in container(name)["ports"]]


def test_the_gateway_reads_its_certificate_from_the_secret() -> None:
    pod = only("gateway", "Deployment")["spec"]["template"]["spec"]
    assert pod["volumes"] == [{"name": "tls", "secret": {"secretName": "gateway-tls"}}]
    assert container("gateway")["volumeMounts"][0]["mountPath"] == "/etc/tls"
    assert container("gateway")["readinessProbe"]["httpGet"] == {
        "path": "/readyz",
        "port": GATEWAY_PORT,
        "scheme": "HTTPS",
    }


def test_the_store_reads_its_certificate_and_the_trainer_its_authority_from_the_same_secret() -> None:
    store = only("store", "Deployment")["spec"]["template"]["spec"]
    assert {"name": "tls", "secret": {"secretName": "store-tls"}} in store["volumes"]
    assert {"name": "tls", "mountPath": "/etc/tls", "readOnly": True} in container("store")["volumeMounts"]
    assert {port["containerPort"] for port in container("store")["ports"]} == {STORE_PORT, STORE_METRICS_PORT}
    trainer = only("trainer", "Job")["spec"]["template"]["spec"]
    (volume,) = trainer["volumes"]
    assert volume["secret"] == {"secretName": "store-tls", "items": [{"key": "ca.crt", "path": "ca.crt"}]}
    assert trainer["containers"][0]["volumeMounts"][0]["mountPath"] == "/etc/store-ca"


def test_the_load_generator_gets_the_authority_and_not_the_key() -> None:
    pod = only("loadgen", "Deployment")["spec"]["template"]["spec"]
    assert pod["volumes"][0]["secret"]["items"] == [{"key": "ca.crt", "path": "ca.crt"}]


def test_a_rollout_of_the_model_servers_fits_the_gpus() -> None:
    deployment = only("llm", "Deployment")["spec"]
    rolling = deployment["strategy"]["rollingUpdate"]
    assert rolling == {"maxUnavailable": 0, "maxSurge": 1}
    per_pod = container("llm")["resources"]["limits"][GPU]
    assert (deployment["replicas"] + rolling["maxSurge"]) * per_pod <= GPU_NODES * GPUS_PER_NODE - TRAINER_GPUS


def test_the_model_servers_may_run_on_gpu_nodes_and_spread_over_them() -> None:
    pod = only("llm", "Deployment")["spec"]["template"]["spec"]
    assert {"key": GPU, "operator": "Exists", "effect": "NoSchedule"} in pod["tolerations"]
    (spread,) = pod["topologySpreadConstraints"]
    assert (spread["topologyKey"], spread["whenUnsatisfiable"]) == ("kubernetes.io/hostname", "ScheduleAnyway")
    assert pod["terminationGracePeriodSeconds"] == 2


def test_a_drain_leaves_two_model_servers() -> None:
    budget = only("llm", "PodDisruptionBudget")["spec"]
    assert budget == {"minAvailable": 2, "selector": {"matchLabels": {"app": "llm"}}}
