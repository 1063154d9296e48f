"""`chaos plan` against a Kubernetes API: what it shows is what a run picks, and it finds what a run would lack."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from actions.fault import Permission
from actions.ledger.open import DEFAULT_NAMESPACE
from runner.cli.plan import plan
from tests.cluster.restricted import restricted_kubeconfig
from tests.cluster.workloads import Cluster
from tests.runner.experiment.malformed import GOOD

pytestmark = pytest.mark.cluster


@pytest.fixture
def experiment(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An experiment that kills one of the three pods of a Deployment in the test's namespace."""
    cluster.deploy()
    monkeypatch.setenv("MLCHAOS_TEST_NAMESPACE", cluster.namespace)
    monkeypatch.setenv("MLCHAOS_LEDGER", "local")
    path = tmp_path / "experiment.yaml"
    path.write_text(GOOD)
    return path


def planned(path: Path, *options: str) -> Result:
    return CliRunner().invoke(plan, [str(path), *options])


def document(path: Path, *options: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(planned(path, "--json", *options).stdout)
    return found


def test_the_plan_names_one_pod_and_what_is_left_and_the_same_seed_names_it_again(
    experiment: Path, cluster: Cluster
) -> None:
    first, second = document(experiment, "--seed", "7"), document(experiment, "--seed", "7")
    assert first == second
    assert first["allowed"]
    (target,) = first["faults"][0]["targets"]
    assert target["uid"] in cluster.uids()
    assert first["faults"][0]["candidates"] == 3
    (workload,) = first["capacity"]
    assert (workload["workload"], workload["before"], workload["after"]) == ("deployment/llm", 3, 2)
    assert all(one["granted"] for one in first["permissions"])
    assert len(cluster.uids()) == 3


def test_a_pod_that_was_replaced_changes_the_digest(experiment: Path, cluster: Cluster) -> None:
    first = document(experiment, "--seed", "7")
    cluster.core.delete_namespaced_pod(
        first["faults"][0]["targets"][0]["name"], cluster.namespace, grace_period_seconds=0
    )
    assert document(experiment, "--seed", "7")["digest"] != first["digest"]


def test_a_selector_that_finds_nothing_is_refused(experiment: Path) -> None:
    experiment.write_text(GOOD.replace("app=llm", "app=lmm"))
    ended = planned(experiment)
    assert ended.exit_code == 2
    assert "REFUSED: 1 violation, nothing has been touched" in ended.stdout
    assert "kill one llm pod: " in ended.stdout


def test_more_than_the_blast_radius_allows_is_refused_with_every_limit(experiment: Path) -> None:
    experiment.write_text(GOOD.replace('"${count}"', "2"))
    found = document(experiment)
    assert not found["allowed"]
    assert [one["about"] for one in found["violations"]] == ["pods", "share of a workload"]


@pytest.mark.parametrize("lacking", ["delete", "create"])
def test_a_permission_that_is_missing_is_found_before_anything_is_touched(
    experiment: Path,
    cluster: Cluster,
    cluster_kubeconfig: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    lacking: str,
) -> None:
    monkeypatch.setenv("MLCHAOS_LEDGER", "kubernetes")
    monkeypatch.delenv("MLCHAOS_NAMESPACE", raising=False)
    every = document(experiment)["permissions"]
    wanted = [Permission(one["verb"], one["resource"], one["group"], one["namespace"]) for one in every]
    reads = [Permission(verb, "*", "*") for verb in ("get", "list")]
    resource, place = ("pods", cluster.namespace) if lacking == "delete" else ("configmaps", DEFAULT_NAMESPACE)
    granted = [one for one in wanted if (one.verb, one.resource) != (lacking, resource)]

    with restricted_kubeconfig(cluster, cluster_kubeconfig, [*reads, *granted], tmp_path) as kubeconfig:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
        ended = planned(experiment, "--json")

    assert ended.exit_code == 2
    (violation,) = json.loads(ended.stdout)["violations"]
    assert violation["message"] == f"we may not {lacking} {resource} in namespace {place}"
    assert violation["remedy"] == f"it takes a Role in namespace {place} with verb {lacking} on {resource}"
    assert len(cluster.uids()) == 3


def test_pods_that_may_not_be_listed_are_a_violation_that_names_the_rule(
    experiment: Path, cluster: Cluster, cluster_kubeconfig: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with restricted_kubeconfig(cluster, cluster_kubeconfig, [], tmp_path) as kubeconfig:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
        ended = planned(experiment, "--json")
    assert ended.exit_code == 2
    (violation,) = json.loads(ended.stdout)["violations"]
    assert "forbidden (403)" in violation["message"]
    assert f"a Role in namespace {cluster.namespace} with verb list on pods" in violation["message"]


def test_the_page_and_the_document_say_the_same_token(experiment: Path) -> None:
    token = document(experiment, "--seed", "7")["token"]
    assert f"MLCHAOS_PLAN={token} chaos run {experiment}" in "".join(
        planned(experiment, "--seed", "7").stdout.split("\n")
    )
