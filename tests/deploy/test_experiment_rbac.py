"""The roles in deploy/ allow what plans of the shipped experiments ask for."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from runner.cli.plan import plan
from runner.smoke.suite import SUITE_FILE
from tests.lab.labs import Lab

pytestmark = [
    pytest.mark.lab,
    pytest.mark.xdist_group("full-lab"),
    pytest.mark.timeout(900),
    pytest.mark.needs("prometheus", "toxiproxy", "redis"),
]

ROOT = Path(__file__).parents[2]
EXPERIMENTS = sorted(path for path in (ROOT / "experiments").rglob("*.yaml") if path.name != SUITE_FILE)
RBAC = "/apis/rbac.authorization.k8s.io/v1"
ACCOUNT = {"kind": "ServiceAccount", "name": "sre", "namespace": "mlchaos"}
IN_NAMESPACES = {
    "ml-serving": ("mlchaos-plan", "mlchaos-pods", "mlchaos-network", "mlchaos-certificates"),
    "ml-training": ("mlchaos-plan", "mlchaos-pods", "mlchaos-network", "mlchaos-certificates"),
    "gpu-operator": ("mlchaos-dcgm",),
}
IN_CLUSTER = ("mlchaos-nodes", "mlchaos-zones")


def role(kind: str, name: str) -> dict[str, Any]:
    return {
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name},
        "subjects": [ACCOUNT],
        "metadata": {"name": f"sre-{name}"},
    }


@pytest.fixture(scope="module")
def sre(full_lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of an account to which the roles are bound as the file says; its bindings are gone afterwards."""
    accounts = "/api/v1/namespaces/mlchaos/serviceaccounts"
    full_lab.create(accounts, {"metadata": {"name": "sre"}})
    roles = list(yaml.safe_load_all((ROOT / "deploy" / "experiment-rbac.yaml").read_text()))
    made = [(f"{RBAC}/clusterroles", document) for document in roles]
    made += [(f"{RBAC}/clusterrolebindings", role("ClusterRole", name)) for name in IN_CLUSTER]
    for namespace, names in IN_NAMESPACES.items():
        made += [(f"{RBAC}/namespaces/{namespace}/rolebindings", role("ClusterRole", name)) for name in names]
    made.append((f"{RBAC}/namespaces/mlchaos/rolebindings", role("Role", "mlchaos-ledger")))
    for path, document in made:
        full_lab.create(path, document)
    answer = json.loads(full_lab.api(f"{accounts}/sre/token", "POST", {"spec": {}}))
    config = json.loads(full_lab.directory.kubeconfig.read_text())
    config["users"][0]["user"] = {"token": answer["status"]["token"]}
    kubeconfig = tmp_path_factory.mktemp("sre") / "kubeconfig"
    kubeconfig.write_text(json.dumps(config))
    yield {**full_lab.environment(), "KUBECONFIG": str(kubeconfig)}
    for path, document in made:
        full_lab.api(f"{path}/{document['metadata']['name']}", "DELETE")
    full_lab.api(f"{accounts}/sre", "DELETE")


def planned(path: Path, environment: dict[str, str]) -> dict[str, Any]:
    """The plan of an experiment."""
    done = CliRunner().invoke(plan, [str(path), "--seed", "1", "--json"], env=environment)
    assert done.stdout, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_roles_are_enough_for_every_experiment(path: Path, sre: dict[str, str]) -> None:
    document = planned(path, sre)
    missing = [one for one in document["permissions"] if not one["granted"]]
    assert missing == []
    assert document["faults"], document["violations"]
