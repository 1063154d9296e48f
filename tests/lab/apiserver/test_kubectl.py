"""What people do with kubectl, against the server alone (no controllers): every kubectl on PATH."""

import json
from collections.abc import Iterator

import pytest

from tests.lab.apiserver.kubectls import KUBECTLS, Kubectl
from tests.lab.apiserver_process import running_apiserver
from tests.octets import reserved_octet

pytestmark = pytest.mark.lab

MANIFEST = b"""
apiVersion: v1
kind: Node
metadata: {name: n1}
status:
  conditions: [{type: Ready, status: "True"}]
  addresses: [{type: InternalIP, address: 127.0.0.9}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: none, ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: p1, labels: {app: web}}
spec: {nodeName: n1, containers: [{name: main, image: none}]}
"""


@pytest.fixture(scope="module", params=KUBECTLS, ids=str)
def kubectl(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    """A kubectl and a server with the manifest's objects in it."""
    with (
        reserved_octet() as octet,
        running_apiserver(octet, tmp_path_factory.mktemp("apiserver")) as kubeconfig,
    ):
        kubectl = Kubectl(request.param, kubeconfig, websockets=True)
        said(kubectl, "apply", "-f", "-", stdin=MANIFEST)
        yield kubectl


def said(kubectl: Kubectl, *arguments: str, stdin: bytes | None = None) -> str:
    """What a command that must succeed writes."""
    done = kubectl.run(*arguments, stdin=stdin)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def shown(kubectl: Kubectl, what: str) -> dict[str, object]:
    answer: dict[str, object] = json.loads(said(kubectl, "get", *what.split(), "-o", "json"))
    return answer


def test_applying_again_changes_nothing(kubectl: Kubectl) -> None:
    lines = said(kubectl, "apply", "-f", "-", stdin=MANIFEST).splitlines()
    assert [line.split()[-1] for line in lines] == ["unchanged"] * 4


@pytest.mark.parametrize(
    ("what", "columns"),
    [
        ("pods", "NAME READY STATUS RESTARTS AGE"),
        ("nodes", "NAME STATUS ROLES AGE VERSION"),
        ("deployments", "NAME READY UP-TO-DATE AVAILABLE AGE"),
        ("services", "NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE"),
        ("namespaces", "NAME STATUS AGE"),
    ],
)
def test_get_shows_the_columns_that_people_know(kubectl: Kubectl, what: str, columns: str) -> None:
    assert said(kubectl, "get", what).splitlines()[0].split() == columns.split()


@pytest.mark.parametrize("what", ["pod p1", "node n1", "deployment web", "service web"])
def test_describe_describes(kubectl: Kubectl, what: str) -> None:
    assert said(kubectl, "describe", *what.split()).startswith("Name:")


def test_pods_are_labelled_and_annotated(kubectl: Kubectl) -> None:
    said(kubectl, "label", "pod", "p1", "x=y", "--overwrite")
    said(kubectl, "annotate", "pod", "p1", "a=b", "--overwrite")
    assert "p1" in said(kubectl, "get", "pods", "-l", "x=y")
    said(kubectl, "label", "pod", "p1", "x-")
    assert "p1" not in said(kubectl, "get", "pods", "-l", "x=y")


def test_nodes_are_cordoned_and_tainted_and_put_back(kubectl: Kubectl) -> None:
    said(kubectl, "cordon", "n1")
    said(kubectl, "taint", "node", "n1", "a=b:NoSchedule")
    said(kubectl, "taint", "node", "n1", "c=d:NoExecute")
    spec = shown(kubectl, "node n1")["spec"]
    assert isinstance(spec, dict)
    assert (spec["unschedulable"], {taint["key"] for taint in spec["taints"]}) == (True, {"a", "c"})
    for undo in (("uncordon", "n1"), ("taint", "node", "n1", "a-"), ("taint", "node", "n1", "c-")):
        said(kubectl, *undo)
    spec = shown(kubectl, "node n1")["spec"]
    assert isinstance(spec, dict)
    assert not spec.get("unschedulable")
    assert not spec.get("taints")


def test_deployments_are_scaled_patched_and_restarted(kubectl: Kubectl) -> None:
    said(kubectl, "scale", "deployment", "web", "--replicas=3")
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "main", "env": [{"name": "A", "value": "1"}]}]}}}}
    said(kubectl, "patch", "deployment", "web", "-p", json.dumps(patch))
    said(kubectl, "rollout", "restart", "deployment/web")
    spec = shown(kubectl, "deployment web")["spec"]
    assert isinstance(spec, dict)
    assert spec["replicas"] == 3
    assert spec["template"]["spec"]["containers"][0]["image"] == "none"
    assert "kubectl.kubernetes.io/restartedAt" in spec["template"]["metadata"]["annotations"]


def test_objects_are_made_from_the_command_line_and_deleted(kubectl: Kubectl) -> None:
    said(kubectl, "create", "namespace", "team")
    said(kubectl, "create", "configmap", "c", "--from-literal=a=b", "-n", "team")
    said(kubectl, "create", "secret", "generic", "s", "--from-literal=a=b", "-n", "team")
    said(kubectl, "create", "deployment", "d", "--image=none", "-n", "team")
    assert shown(kubectl, "configmap c -n team")["data"] == {"a": "b"}
    assert shown(kubectl, "secret s -n team")["data"] == {"a": "Yg=="}
    said(kubectl, "delete", "namespace", "team")
    assert "team" not in said(kubectl, "get", "namespaces")


def test_a_pod_is_deleted_gently_or_by_force(kubectl: Kubectl) -> None:
    body = MANIFEST.rpartition(b"---")[2].replace(b"p1", b"p2")
    said(kubectl, "create", "-f", "-", stdin=body)
    said(kubectl, "delete", "pod", "p2", "--wait=false")
    assert "Terminating" in said(kubectl, "get", "pod", "p2")
    said(kubectl, "delete", "pod", "p2", "--force", "--grace-period=0")
    assert kubectl.run("get", "pod", "p2").returncode == 1


def test_everything_is_allowed_and_listed(kubectl: Kubectl) -> None:
    assert said(kubectl, "auth", "can-i", "delete", "pods").strip() == "yes"
    kinds = said(kubectl, "api-resources", "-o", "name").split()
    assert {"pods", "deployments.apps", "poddisruptionbudgets.policy", "leases.coordination.k8s.io"} <= set(kinds)
