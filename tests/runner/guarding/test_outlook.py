"""What planning says of a ledger in a cluster that a run could not use now."""

import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from actions import fault
from actions.systems import Systems
from runner.guarding.outlook import look
from runner.plan.make import make_plan
from runner.plan.model import Plan
from tests.clients.misbehaving import answering, body
from tests.runner.plan.drafts import Take, experiment

NO_PROMETHEUS = "the SLOs cannot be watched: no address of Prometheus is given: "


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.delenv("PROMETHEUS_URL", raising=False)
    monkeypatch.delenv("MLCHAOS_NAMESPACE", raising=False)
    monkeypatch.setenv("MLCHAOS_LEDGER", "local")
    monkeypatch.setenv("MLCHAOS_STATE_DIR", str(tmp_path))
    monkeypatch.setitem(fault._faults, "made_up.take", Take())
    made = make_plan(experiment({}), {}, {}, Systems(), 7)
    monkeypatch.setenv("MLCHAOS_LEDGER", "kubernetes")
    return made


def kubeconfig(directory: Path, server: str) -> str:
    path = directory / "kubeconfig"
    path.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "c", "cluster": {"server": server}}],
                "users": [{"name": "u", "user": {"token": "t"}}],
                "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
                "current-context": "x",
            }
        )
    )
    return str(path)


def test_a_namespace_that_is_missing_refuses_with_how_to_make_it(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(handler: BaseHTTPRequestHandler) -> None:
        body(404, json.dumps({"kind": "Status", "reason": "NotFound", "code": 404}))(handler)

    with answering(nothing) as url:
        monkeypatch.setenv("KUBECONFIG", kubeconfig(tmp_path, url))
        found = look(plan, {})

    (reason,) = found.refused
    assert reason.startswith("the ledger's namespace mlchaos is not in ")
    assert "make it with `kubectl apply -f deploy/ledger.yaml`" in reason
    assert found.admitted is False
    assert found.unknown[0].startswith(NO_PROMETHEUS)


def test_an_api_that_does_not_answer_leaves_it_open(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", kubeconfig(tmp_path, "http://127.0.0.1:9"))
    found = look(plan, {})
    assert found.admitted is None
    assert found.unknown[0].startswith("the ledger is unknown: ")
    assert found.asked == ()
