"""The exporter's manifests: it reads the ledger and nothing else, and what it runs is there."""

from pathlib import Path
from typing import Any

import yaml
from click import Option

from lab import exporter as lab_exporter
from lab.network import EXPORTER_PORT
from runner.cli.exporter import exporter

OBJECTS: list[dict[str, Any]] = list(
    yaml.safe_load_all((Path(__file__).parents[2] / "deploy" / "exporter.yaml").read_text())
)


def one(kind: str) -> dict[str, Any]:
    (found,) = [document for document in OBJECTS if document["kind"] == kind]
    return found


def test_it_may_read_the_ledger_and_change_nothing() -> None:
    rules = one("Role")["rules"]
    assert {verb for rule in rules for verb in rule["verbs"]} == {"get", "list"}
    assert {name for rule in rules for name in rule["resources"]} == {"configmaps", "leases", "namespaces"}
    assert not [document for document in OBJECTS if document["kind"].startswith("Cluster")]


def test_its_rights_are_bound_to_its_own_account() -> None:
    binding = one("RoleBinding")
    assert (binding["roleRef"]["kind"], binding["roleRef"]["name"]) == ("Role", one("Role")["metadata"]["name"])
    (subject,) = binding["subjects"]
    assert subject["name"] == one("ServiceAccount")["metadata"]["name"] == lab_exporter.ACCOUNT


def test_the_container_runs_a_command_that_there_is() -> None:
    (container,) = one("Deployment")["spec"]["template"]["spec"]["containers"]
    command = container["command"]
    assert command[:4] == ["chaos", "--no-version-check", "--no-log-file", "exporter"]
    assert set(command[4::2]) <= {name for part in exporter.params if isinstance(part, Option) for name in part.opts}


def test_everybody_means_the_same_port() -> None:
    template = one("Deployment")["spec"]["template"]
    (container,) = template["spec"]["containers"]
    (port,) = container["ports"]
    annotated = template["metadata"]["annotations"]["prometheus.io/port"]
    served = {EXPORTER_PORT, port["containerPort"], int(annotated), one("Service")["spec"]["ports"][0]["port"]}
    (listen,) = [part.default for part in exporter.params if part.name == "address"]
    assert served == {int(str(listen).rpartition(":")[2])}


def test_the_password_of_the_store_comes_from_a_secret_that_may_be_missing() -> None:
    (container,) = one("Deployment")["spec"]["template"]["spec"]["containers"]
    (store,) = [variable for variable in container["env"] if variable["name"] == "MLCHAOS_STORE"]
    assert store["valueFrom"]["secretKeyRef"]["optional"] is True


def test_the_lab_gives_it_the_same_rights() -> None:
    assert [document["kind"] for document in lab_exporter.documents()] == ["ServiceAccount", "Role", "RoleBinding"]
