import pytest

from lab.apiserver import lifecycle
from lab.apiserver.errors import Document
from tests.lab.apiserver.in_process import MERGE, PODS, STRATEGIC, Api, configmap, pod

NAMESPACES = "/api/v1/namespaces"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
WIDGETS = "/apis/example.com/v1/namespaces/default/widgets"


def definition(**spec: object) -> Document:
    names = {"plural": "widgets", "kind": "Widget"}
    version = {"name": "v1", "served": True, "storage": True, "subresources": {"status": {}}}
    whole = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version], **spec}
    return {"metadata": {"name": "widgets.example.com"}, "spec": whole}


@pytest.fixture
def api() -> Api:
    api = Api()
    api.make(NAMESPACES, {"metadata": {"name": "team"}})
    return api


def test_the_usual_namespaces_are_there_from_the_start() -> None:
    assert Api().names(NAMESPACES) == ["default", "kube-node-lease", "kube-public", "kube-system"]


def test_a_namespace_comes_with_its_service_account(api: Api) -> None:
    assert api.names(f"{NAMESPACES}/team/serviceaccounts") == ["default"]


def test_an_empty_namespace_goes_at_once_with_what_is_in_it(api: Api) -> None:
    api.make(f"{NAMESPACES}/team/configmaps", configmap())
    code, going = api.ask("DELETE", f"{NAMESPACES}/team")
    assert (code, going["status"]["phase"]) == (200, "Terminating")
    assert api.ask("GET", f"{NAMESPACES}/team")[0] == 404
    assert api.names("/api/v1/configmaps") == []


def test_a_namespace_waits_for_pods_that_stop_and_takes_nothing_new_meanwhile(api: Api) -> None:
    api.make("/api/v1/nodes", {"metadata": {"name": "n1"}})
    api.make(f"{NAMESPACES}/team/pods", pod())
    api.ask("DELETE", f"{NAMESPACES}/team")
    code, status = api.ask("POST", f"{NAMESPACES}/team/configmaps", configmap())
    assert (code, status["details"]["causes"][0]["reason"]) == (403, "NamespaceTerminating")
    assert api.ask("GET", f"{NAMESPACES}/team")[1]["status"]["phase"] == "Terminating"
    api.ask("DELETE", f"{NAMESPACES}/team/pods/p", gracePeriodSeconds="0")
    assert api.ask("GET", f"{NAMESPACES}/team")[0] == 404


def test_a_namespace_waits_for_finalizers_too(api: Api) -> None:
    api.make(f"{NAMESPACES}/team/configmaps", configmap(finalizers=["a.io/x"]))
    api.ask("DELETE", f"{NAMESPACES}/team")
    assert api.ask("GET", f"{NAMESPACES}/team")[0] == 200
    api.ask("PATCH", f"{NAMESPACES}/team/configmaps/c", {"metadata": {"finalizers": None}}, content=MERGE)
    assert api.ask("GET", f"{NAMESPACES}/team")[0] == 404


def test_pods_of_nodes_that_are_not_there_do_not_hold_their_namespace(api: Api) -> None:
    api.make(f"{NAMESPACES}/team/pods", pod(node="nowhere"))
    api.ask("DELETE", f"{NAMESPACES}/team")
    assert api.ask("GET", f"{NAMESPACES}/team")[0] == 404


def test_permanent_namespaces_cannot_be_deleted(api: Api) -> None:
    assert api.ask("DELETE", f"{NAMESPACES}/kube-system")[0] == 403


def test_nothing_can_be_made_in_a_namespace_that_is_not_there(api: Api) -> None:
    code, status = api.ask("POST", f"{NAMESPACES}/nowhere/configmaps", configmap())
    assert (code, status["message"]) == (404, 'namespaces "nowhere" not found')


def test_a_custom_kind_is_served_as_soon_as_it_is_defined(api: Api) -> None:
    made = api.make(DEFINITIONS, definition())
    assert {"type": "Established", "status": "True"}.items() <= made["status"]["conditions"][1].items()
    api.make(WIDGETS, {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"a": 1}})
    listing = api.ask("GET", WIDGETS)[1]
    assert (listing["kind"], listing["items"][0]["spec"]) == ("WidgetList", {"a": 1})
    assert "example.com" in [group["name"] for group in api.ask("GET", "/apis")[1]["groups"]]


def test_custom_objects_know_no_strategic_merge(api: Api) -> None:
    api.make(DEFINITIONS, definition())
    api.make(WIDGETS, {"metadata": {"name": "w"}})
    assert api.ask("PATCH", f"{WIDGETS}/w", {"spec": {}}, content=STRATEGIC)[0] == 415
    assert api.ask("PATCH", f"{WIDGETS}/w", {"spec": {"a": 2}}, content=MERGE)[1]["metadata"]["generation"] == 2


def test_the_status_of_a_custom_object_is_apart(api: Api) -> None:
    api.make(DEFINITIONS, definition())
    made = api.make(WIDGETS, {"metadata": {"name": "w"}, "status": {"x": 1}})
    assert "status" not in made
    api.ask("PATCH", f"{WIDGETS}/w/status", {"status": {"x": 2}}, content=MERGE)
    assert api.ask("GET", f"{WIDGETS}/w")[1]["status"] == {"x": 2}


def test_a_definition_that_changes_serves_the_new_names(api: Api) -> None:
    api.make(DEFINITIONS, definition())
    names = {"plural": "widgets", "kind": "Widget", "shortNames": ["wd"]}
    api.ask("PATCH", f"{DEFINITIONS}/widgets.example.com", {"spec": {"names": names}}, content=MERGE)
    resources = api.ask("GET", "/apis/example.com/v1")[1]["resources"]
    assert resources[0]["shortNames"] == ["wd"]


def test_a_custom_kind_goes_with_its_definition_and_its_objects(api: Api) -> None:
    api.make(DEFINITIONS, definition())
    api.make(WIDGETS, {"metadata": {"name": "w"}})
    api.ask("DELETE", f"{DEFINITIONS}/widgets.example.com")
    assert api.ask("GET", WIDGETS)[0] == 404
    api.make(DEFINITIONS, definition())
    assert api.names(WIDGETS) == []


@pytest.mark.parametrize("wrong", [{"scope": "Everywhere"}, {"versions": []}, {"group": "other.com"}])
def test_a_definition_that_contradicts_itself_is_refused(api: Api, wrong: Document) -> None:
    assert api.ask("POST", DEFINITIONS, definition(**wrong))[0] == 422


def test_the_oldest_events_go_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "MOST_EVENTS", 20)
    api = Api()
    path = f"{NAMESPACES}/default/events"
    for index in range(22):
        about = {"kind": "Pod", "name": "p", "namespace": "default"}
        api.make(path, {"metadata": {"name": f"e{index:02}"}, "involvedObject": about})
    assert api.names(path) == [f"e{index:02}" for index in range(2, 22)]


def test_a_pod_of_the_default_namespace_is_no_concern_of_other_namespaces(api: Api) -> None:
    api.make(PODS, pod())
    api.ask("DELETE", f"{NAMESPACES}/team")
    assert api.names(PODS) == ["p"]
