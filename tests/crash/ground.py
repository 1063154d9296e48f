"""What crash tests break: a small cluster, proxied paths, a Prometheus, an Alertmanager: something for every family."""

import base64
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from lab.certificates import issue_ca, issue_server
from lab.network import LabNetwork
from lab.processes import die_with_parent
from lab.servers import TOXIPROXY, find
from tests import real_alertmanager
from tests.lab.labs import CHAOS, Lab, a_lab
from tests.real_prometheus import real_prometheus, scraping
from tests.waiting import wait_for

NAMESPACE = "crash"
LEDGER = "mlchaos"
"""Its namespace, which every lab has."""
PATHS = ("path-a", "path-b")
POD_APPS = ("killed", "evicted", "restarted", "frozen", "partitioned", "meshed")
"""One workload a family, so that their runs do not wait for each other."""
BUSY = "sleep 100000 & sleep 100000 & wait"
"""PID 1 and two children: the container's own process cannot be frozen, its children can."""
SLO_NAME = "crash-ground"


@dataclass(frozen=True, slots=True)
class Ground:
    """A place that is up."""

    lab: Lab
    environment: Mapping[str, str]
    directory: Path
    slo_file: Path
    toxiproxy_url: str
    alertmanager_url: str

    def names(self, kind_path: str) -> list[str]:
        items = json.loads(self.lab.api(kind_path))["items"]
        return sorted(item["metadata"]["name"] for item in items)


@contextmanager
def a_ground(directory: Path) -> Iterator[Ground]:
    """Bring it all up; nothing of it is left at the end."""
    with ExitStack() as stack:
        lab = stack.enter_context(a_lab())
        lab.up("--bare")
        network = LabNetwork(lab.octet)
        url = stack.enter_context(_toxiproxy(network, directory))
        slo_file = directory / "slo.yaml"
        slo_file.write_text(_slo())
        prometheus = stack.enter_context(_prometheus(lab, directory, slo_file))
        address = real_alertmanager.address_in(lab.octet)
        alertmanager = stack.enter_context(real_alertmanager.real_alertmanager(directory, address))
        populate(lab)
        environment = {
            **lab.environment(),
            "PROMETHEUS_URL": prometheus,
            "TOXIPROXY_URL": url,
            "MLCHAOS_STATE_DIR": str(directory / "state"),
            "MLCHAOS_LEDGER": "kubernetes",
            "MLCHAOS_KUBE_TIMEOUT": "5",
        }
        ground = Ground(lab, environment, directory, slo_file, url, alertmanager)
        _wait_until_judged(ground)
        yield ground


@contextmanager
def _toxiproxy(network: LabNetwork, directory: Path) -> Iterator[str]:
    binary = find(TOXIPROXY)
    assert binary is not None
    command = [str(binary), "-host", network.infra_ip, "-port", "8474"]
    with (directory / "toxiproxy.log").open("wb") as log:
        process = subprocess.Popen(die_with_parent(command), stdout=log, stderr=log)
    url = network.toxiproxy_url
    try:
        for number, name in enumerate(PATHS):
            listen, upstream = f"{network.infra_ip}:{28100 + number}", f"{network.infra_ip}:6443"
            wait_for(partial(_posted, f"{url}/proxies", {"name": name, "listen": listen, "upstream": upstream}), 20)
        yield url
    finally:
        process.kill()
        process.wait()


@contextmanager
def _prometheus(lab: Lab, directory: Path, slo_file: Path) -> Iterator[str]:
    """It scrapes itself: its SLI stays good whatever breaks in the cluster."""
    rules = subprocess.run(
        [str(CHAOS), "--no-version-check", "--no-log-file", "slo", "rules", str(slo_file), "--time-scale", "60"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    address = f"127.{lab.octet}.0.1:9090"
    with real_prometheus(directory, address, scraping({"prometheus": address}, "500ms"), {"slo": rules}) as url:
        yield url


def _slo() -> str:
    document = {
        "apiVersion": "openslo/v1",
        "kind": "SLO",
        "metadata": {"name": SLO_NAME},
        "spec": {
            "service": "crash",
            "description": "Prometheus answers.",
            "budgetingMethod": "Occurrences",
            "timeWindow": [{"duration": "28d", "isRolling": True}],
            "indicator": {
                "metadata": {"name": SLO_NAME},
                "spec": {
                    "ratioMetric": {
                        "counter": True,
                        "bad": _metric('prometheus_http_requests_total{code=~"5.."}'),
                        "total": _metric("prometheus_http_requests_total"),
                    }
                },
            },
            "objectives": [{"displayName": "answers", "target": 0.95}],
        },
    }
    return yaml.safe_dump(document)


def _metric(query: str) -> dict[str, Any]:
    return {"metricSource": {"type": "Prometheus", "spec": {"query": query}}}


def populate(lab: Lab) -> None:
    """Namespaces, pods, a certificate, DCGM, and the definition of NetworkChaos."""
    for name in (NAMESPACE, "gpu-operator"):
        lab.create("/api/v1/namespaces", {"metadata": {"name": name}})
    for app in POD_APPS:
        lab.create(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments", _deployment(app))
    lab.create(f"/api/v1/namespaces/{NAMESPACE}/secrets", _tls_secret())
    for document in yaml.safe_load_all(resources.files("lab").joinpath("manifests/dcgm.yaml").read_text()):
        if document["kind"] == "DaemonSet":
            lab.create("/apis/apps/v1/namespaces/gpu-operator/daemonsets", document)
    lab.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", _network_chaos())
    wait_for(lambda: _all_ready(lab), 60)


def _deployment(app: str) -> dict[str, Any]:
    labels = {"app": app}
    container = {"name": "main", "image": "mlchaos-lab", "command": ["sh", "-c", BUSY]}
    spec = {"terminationGracePeriodSeconds": 0, "containers": [container]}
    return {
        "metadata": {"name": app},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


def _tls_secret() -> dict[str, Any]:
    ca = issue_ca("crash")
    server = issue_server(ca, ["crash.example"])
    data = {"tls.crt": server.certificate_pem, "tls.key": server.key_pem, "ca.crt": ca.certificate_pem}
    return {
        "type": "kubernetes.io/tls",
        "metadata": {"name": "crash-tls", "labels": {"kept": "yes"}},
        "data": {key: base64.b64encode(value).decode() for key, value in data.items()},
    }


def _network_chaos() -> dict[str, Any]:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1alpha1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    kind = "NetworkChaos"
    names = {"plural": "networkchaos", "singular": "networkchaos", "kind": kind, "listKind": f"{kind}List"}
    return {
        "metadata": {"name": "networkchaos.chaos-mesh.org"},
        "spec": {"group": "chaos-mesh.org", "scope": "Namespaced", "names": names, "versions": [version]},
    }


def _all_ready(lab: Lab) -> bool:
    deployments = json.loads(lab.api(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"))["items"]
    daemons = json.loads(lab.api("/apis/apps/v1/namespaces/gpu-operator/daemonsets"))["items"]
    return all(it.get("status", {}).get("readyReplicas") == 2 for it in deployments) and all(
        it.get("status", {}).get("numberReady") == 2 for it in daemons
    )


def _wait_until_judged(ground: Ground) -> None:
    """Until the SLO's long rules have run, so that its budget is known."""

    def known() -> bool:
        done = subprocess.run(
            [str(CHAOS), "--no-version-check", "--no-log-file", "slo", "check", SLO_NAME],
            env={**os.environ, **ground.environment},
            capture_output=True,
            check=False,
            timeout=60,
        )
        return done.returncode == 0

    wait_for(known, 120, every=1.0)


def _posted(url: str, body: dict[str, str]) -> bool:
    import requests

    try:
        return requests.post(url, json=body, timeout=2).status_code in (201, 409)
    except requests.RequestException:
        return False
