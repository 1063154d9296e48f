"""The reaper's manifests grant what an undo takes, where it takes it, and nothing more."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from runner.cli.reaper import reaper

DEPLOY = Path(__file__).parents[2] / "deploy"


def objects(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / name).read_text()))


def one(name: str, kind: str, called: str) -> dict[str, Any]:
    (found,) = [o for o in objects(name) if o["kind"] == kind and o["metadata"]["name"] == called]
    return found


@pytest.mark.parametrize("name", ["ledger.yaml", "reaper.yaml"])
def test_nothing_is_granted_by_a_wildcard(name: str) -> None:
    for rule in (rule for o in objects(name) for rule in o.get("rules", [])):
        assert "*" not in {*rule["apiGroups"], *rule["resources"], *rule["verbs"]}


def test_the_whole_cluster_is_open_for_nodes_alone() -> None:
    (binding,) = [o for o in objects("reaper.yaml") if o["kind"] == "ClusterRoleBinding"]
    (rule,) = one("reaper.yaml", "ClusterRole", binding["roleRef"]["name"])["rules"]
    assert (rule["resources"], rule["verbs"]) == (["nodes"], ["get", "patch"])


def test_an_undo_may_create_and_list_no_secret() -> None:
    rules = one("reaper.yaml", "ClusterRole", "mlchaos-undo")["rules"]
    (secrets,) = [rule["verbs"] for rule in rules if rule["resources"] == ["secrets"]]
    assert secrets == ["get", "patch", "delete"]


def test_every_binding_is_for_the_reaper_and_to_a_role_that_is_there() -> None:
    roles = {(o["kind"], o["metadata"]["name"]) for name in ("ledger.yaml", "reaper.yaml") for o in objects(name)}
    bindings = [o for o in objects("reaper.yaml") if o["kind"].endswith("Binding")]
    assert len(bindings) == 3
    for binding in bindings:
        assert (binding["roleRef"]["kind"], binding["roleRef"]["name"]) in roles
        assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "mlchaos-reaper", "namespace": "mlchaos"}]


def test_the_container_runs_a_command_that_there_is() -> None:
    (container,) = one("reaper.yaml", "Deployment", "mlchaos-reaper")["spec"]["template"]["spec"]["containers"]
    command = container["command"]
    assert command[:4] == ["chaos", "--no-version-check", "--no-log-file", "reaper"]
    assert set(command[4::2]) <= {option for parameter in reaper.params for option in parameter.opts}
    assert CliRunner().invoke(reaper, ["--help"]).exit_code == 0


def test_the_end_is_waited_for_as_long_as_an_undo_may_take() -> None:
    from runner.recover.reaper import FINISH_WITHIN_SECONDS

    pod = one("reaper.yaml", "Deployment", "mlchaos-reaper")["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] > FINISH_WITHIN_SECONDS
