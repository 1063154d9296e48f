import pytest

from lab.apiserver.errors import Document
from tests.lab.apiserver.in_process import MERGE, PODS, Api, pod

BUDGETS = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"
READY: Document = {"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}


def eviction(name: str = "p", version: str = "v1") -> Document:
    return {"apiVersion": f"policy/{version}", "kind": "Eviction", "metadata": {"name": name}}


def guarded(status: Document, **spec: object) -> Api:
    """A ready pod with a disruption budget in the given state."""
    api = Api()
    api.make(PODS, pod(labels={"app": "a"}))
    api.ask("PATCH", f"{PODS}/p/status", READY, content=MERGE)
    selector = {"matchLabels": {"app": "a"}}
    api.make(BUDGETS, {"metadata": {"name": "b"}, "spec": {"minAvailable": 1, "selector": selector, **spec}})
    api.ask("PATCH", f"{BUDGETS}/b/status", {"status": {"observedGeneration": 1, **status}}, content=MERGE)
    return api


def is_going(api: Api) -> bool:
    _, document = api.ask("GET", f"{PODS}/p")
    return "deletionTimestamp" in document.get("metadata", {})


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_a_pod_without_a_budget_is_evicted(version: str) -> None:
    api = Api()
    api.make(PODS, pod())
    assert api.ask("POST", f"{PODS}/p/eviction", eviction(version=version))[0] == 201
    assert is_going(api)


def test_an_eviction_that_the_budget_forbids_is_refused_with_the_budget_as_cause() -> None:
    api = guarded({"disruptionsAllowed": 0, "desiredHealthy": 2, "currentHealthy": 1})
    code, status = api.ask("POST", f"{PODS}/p/eviction", eviction())
    assert (code, status["reason"]) == (429, "TooManyRequests")
    assert status["message"] == "Cannot evict pod as it would violate the pod's disruption budget."
    cause = status["details"]["causes"][0]
    assert cause["reason"] == "DisruptionBudget"
    assert cause["message"] == "The disruption budget b needs 2 healthy pods and has 1 currently"
    assert not is_going(api)


def test_an_eviction_that_the_budget_allows_is_taken_off_it() -> None:
    api = guarded({"disruptionsAllowed": 1})
    assert api.ask("POST", f"{PODS}/p/eviction", eviction())[0] == 201
    assert is_going(api)
    _, budget = api.ask("GET", f"{BUDGETS}/b")
    assert budget["status"]["disruptionsAllowed"] == 0
    assert list(budget["status"]["disruptedPods"]) == ["p"]


def test_a_dry_run_spends_nothing() -> None:
    api = guarded({"disruptionsAllowed": 1})
    assert api.ask("POST", f"{PODS}/p/eviction", eviction(), dryRun="All")[0] == 201
    assert not is_going(api)
    assert api.ask("GET", f"{BUDGETS}/b")[1]["status"]["disruptionsAllowed"] == 1


def test_a_budget_that_no_controller_has_seen_forbids() -> None:
    api = guarded({"observedGeneration": 0, "disruptionsAllowed": 1})
    assert api.ask("POST", f"{PODS}/p/eviction", eviction())[0] == 429


def test_a_pod_of_two_budgets_cannot_be_evicted() -> None:
    api = guarded({"disruptionsAllowed": 1})
    api.make(BUDGETS, {"metadata": {"name": "c"}, "spec": {"selector": {"matchLabels": {"app": "a"}}}})
    assert api.ask("POST", f"{PODS}/p/eviction", eviction())[0] == 500


@pytest.mark.parametrize("phase", ["Pending", "Succeeded", "Failed"])
def test_a_pod_that_serves_nobody_costs_nothing(phase: str) -> None:
    api = guarded({"disruptionsAllowed": 0})
    api.ask("PATCH", f"{PODS}/p/status", {"status": {"phase": phase}}, content=MERGE)
    assert api.ask("POST", f"{PODS}/p/eviction", eviction())[0] == 201


@pytest.mark.parametrize(
    ("policy", "healthy", "code"), [("IfHealthyBudget", 1, 429), ("IfHealthyBudget", 2, 201), ("AlwaysAllow", 1, 201)]
)
def test_an_unhealthy_pod_is_evicted_as_its_policy_says(policy: str, healthy: int, code: int) -> None:
    status = {"disruptionsAllowed": 0, "desiredHealthy": 2, "currentHealthy": healthy}
    api = guarded(status, unhealthyPodEvictionPolicy=policy)
    unready = {"status": {"conditions": [{"type": "Ready", "status": "False"}]}}
    api.ask("PATCH", f"{PODS}/p/status", unready, content=MERGE)
    assert api.ask("POST", f"{PODS}/p/eviction", eviction())[0] == code


def test_a_binding_gives_a_pod_its_node_once() -> None:
    api = Api()
    api.make(PODS, pod(node=""))
    binding = {"kind": "Binding", "metadata": {"name": "p"}, "target": {"kind": "Node", "name": "n1"}}
    assert api.ask("POST", f"{PODS}/p/binding", binding)[0] == 201
    _, bound = api.ask("GET", f"{PODS}/p")
    assert bound["spec"]["nodeName"] == "n1"
    assert [(it["type"], it["status"]) for it in bound["status"]["conditions"]] == [("PodScheduled", "True")]
    assert api.ask("POST", f"{PODS}/p/binding", binding)[0] == 409


def test_a_binding_without_a_node_is_refused() -> None:
    api = Api()
    api.make(PODS, pod(node=""))
    assert api.ask("POST", f"{PODS}/p/binding", {"target": {}})[0] == 400
