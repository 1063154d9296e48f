"""The experiments on the gateway's certificate: each checks out, and says what a client has to see."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from actions.fault import fault_named
from probes.certs import client_sees
from runner.experiment.check import check_file

SERVING = Path(__file__).parents[2] / "experiments" / "serving"
FILES = sorted(SERVING.glob("gateway-cert-*.yaml"))
kinds = {path.stem.removeprefix("gateway-cert-").replace("-", "_") for path in FILES}


def load(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def test_every_damage_has_its_experiment() -> None:
    assert kinds == {"expired", "not_yet_valid", "expiring", "wrong_name", "unknown_ca", "broken_chain"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_file_checks_out(path: Path) -> None:
    assert [str(problem) for problem in check_file(str(path)).problems] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_client_has_to_see_that_damage_and_a_good_certificate_before_and_after(path: Path) -> None:
    document = load(path)
    action, seen = (activity["provider"] for activity in document["method"][:2])
    kind = path.stem.removeprefix("gateway-cert-").replace("-", "_")
    assert (action["module"], action["func"]) == ("actions.certificates", kind)
    assert (seen["module"], seen["func"]) == ("probes.certs", client_sees.__name__)
    assert seen["arguments"]["expect"] == ("valid" if kind == "expiring" else kind)
    steady = [probe["tolerance"] for probe in document["steady-state-hypothesis"]["probes"]]
    assert steady[:2] == [True, "valid"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_one_secret_is_replaced_and_pods_are_lost_only_where_clients_turn_away(path: Path) -> None:
    guard = load(path)["extensions"][0]
    kind = path.stem.removeprefix("gateway-cert-").replace("-", "_")
    assert guard["blast_radius"]["secrets"] == {"max": 1}
    assert ("pods" in guard["blast_radius"]) == fault_named(f"certificates.{kind}").refuses_clients  # type: ignore[attr-defined]
    assert "llm-reachability" in guard["slos"], "only clients count who turns away in the handshake"


def test_checking_them_costs_no_kubernetes_client() -> None:
    code = "import actions.certificates, probes.certs, sys; sys.exit('kubernetes' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
