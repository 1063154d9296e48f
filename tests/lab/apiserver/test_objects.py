import base64

import pytest

from lab.apiserver.errors import Document
from tests.lab.apiserver.in_process import (
    APPLY,
    CONFIG_MAPS,
    JSON_PATCH,
    MERGE,
    PODS,
    STRATEGIC,
    Api,
    configmap,
    pod,
)

DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
SERVICES = "/api/v1/namespaces/default/services"
JOBS = "/apis/batch/v1/namespaces/default/jobs"


@pytest.fixture
def api() -> Api:
    return Api()


def deployment(name: str = "d", **spec: object) -> Document:
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": "main", "image": "none"}]},
    }
    whole = {"selector": {"matchLabels": {"app": name}}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": whole}


def service(name: str, **spec: object) -> Document:
    return {"metadata": {"name": name}, "spec": {"ports": [{"port": 80}], **spec}}


def test_what_the_server_decides_cannot_be_given(api: Api) -> None:
    given = {"uid": "mine", "creationTimestamp": "2001-01-01T00:00:00Z", "generation": 7, "resourceVersion": ""}
    made = api.make(DEPLOYMENTS, {**deployment(), "metadata": {"name": "d", **given}})
    assert made["metadata"]["uid"] != "mine"
    assert not made["metadata"]["creationTimestamp"].startswith("2001")
    assert made["metadata"]["generation"] == 1


def test_a_replacement_keeps_identity_and_status(api: Api) -> None:
    made = api.make(PODS, pod())
    api.ask("PATCH", f"{PODS}/p/status", {"status": {"phase": "Running"}}, content=MERGE)
    body = {**made, "metadata": {"name": "p", "labels": {"x": "y"}}, "status": {"phase": "Failed"}}
    code, replaced = api.ask("PUT", f"{PODS}/p", body)
    assert code == 200
    assert replaced["metadata"]["uid"] == made["metadata"]["uid"]
    assert (replaced["metadata"]["labels"], replaced["status"]["phase"]) == ({"x": "y"}, "Running")


def test_a_change_of_nothing_makes_no_new_version(api: Api) -> None:
    made = api.make(PODS, pod(labels={"a": "b"}))
    bodies: list[Document] = [
        {"metadata": {"labels": {"a": "b"}}},
        {"metadata": {"annotations": {}}},
        {"spec": {"hostIPC": None}},
    ]
    for body in bodies:
        _, same = api.ask("PATCH", f"{PODS}/p", body, content=MERGE)
        assert same["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


def test_two_spellings_of_one_template_are_one(api: Api) -> None:
    api.make(DEPLOYMENTS, deployment())
    nulls = {"spec": {"template": {"metadata": {"labels": {"app": "d"}, "creationTimestamp": None}}}}
    _, same = api.ask("PATCH", f"{DEPLOYMENTS}/d", nulls, content=STRATEGIC)
    assert same["metadata"]["generation"] == 1


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ({"resourceVersion": "1"}, 409),
        ({"uid": "other"}, 409),
        ({"name": "other"}, 400),
        ({"namespace": "other"}, 400),
    ],
)
def test_a_change_to_another_object_is_refused(api: Api, metadata: Document, code: int) -> None:
    api.make(CONFIG_MAPS, configmap())
    assert api.ask("PATCH", f"{CONFIG_MAPS}/c", {"metadata": metadata}, content=MERGE)[0] == code


def test_the_spec_of_a_pod_stays_but_for_what_may_change(api: Api) -> None:
    api.make(PODS, pod())
    image = {"spec": {"containers": [{"name": "main", "image": "other"}]}}
    assert api.ask("PATCH", f"{PODS}/p", image, content=STRATEGIC)[0] == 200
    moved = [{"op": "replace", "path": "/spec/nodeName", "value": "n2"}]
    code, status = api.ask("PATCH", f"{PODS}/p", moved, content=JSON_PATCH)
    assert (code, status["details"]["causes"][0]["field"]) == (422, "spec")


def test_a_failed_test_operation_is_invalid(api: Api) -> None:
    api.make(CONFIG_MAPS, configmap())
    patch = [{"op": "test", "path": "/data/a", "value": "2"}]
    assert api.ask("PATCH", f"{CONFIG_MAPS}/c", patch, content=JSON_PATCH)[0] == 422


def test_apply_makes_or_merges(api: Api) -> None:
    body = b"kind: ConfigMap\napiVersion: v1\ndata: {x: '1'}\n"
    code, made = api.ask("PATCH", f"{CONFIG_MAPS}/c", body, content=APPLY, fieldManager="me")
    assert (code, made["data"]) == (201, {"x": "1"})
    code, merged = api.ask("PATCH", f"{CONFIG_MAPS}/c", {"data": {"y": "2"}}, content=APPLY, fieldManager="me")
    assert (code, merged["data"]) == (200, {"x": "1", "y": "2"})


def test_a_dry_run_answers_as_if(api: Api) -> None:
    assert api.make(CONFIG_MAPS, configmap(), dryRun="All")["metadata"]["uid"]
    assert api.names(CONFIG_MAPS) == []
    api.make(CONFIG_MAPS, configmap())
    _, shown = api.ask("PATCH", f"{CONFIG_MAPS}/c", {"data": {"a": "2"}}, content=MERGE, dryRun="All")
    assert shown["data"] == {"a": "2"}
    assert api.ask("GET", f"{CONFIG_MAPS}/c")[1]["data"] == {"a": "1"}


def test_generated_names_differ(api: Api) -> None:
    body = {"metadata": {"generateName": "some-"}}
    names = {api.make(CONFIG_MAPS, body)["metadata"]["name"] for _ in range(20)}
    assert len(names) == 20
    assert all(name.startswith("some-") and len(name) == 10 for name in names)


def test_services_get_addresses_of_their_own_until_there_are_none(api: Api) -> None:
    addresses = [api.make(SERVICES, service(f"s{index}"))["spec"]["clusterIP"] for index in range(6)]
    assert addresses == [f"127.9.8.{index}" for index in range(1, 7)]
    assert api.ask("POST", SERVICES, service("one-too-many"))[0] == 500
    api.ask("DELETE", f"{SERVICES}/s3")
    assert api.make(SERVICES, service("again"))["spec"]["clusterIP"] == "127.9.8.4"


def test_a_service_keeps_its_address_and_none_can_take_it(api: Api) -> None:
    api.make(SERVICES, service("a"))
    assert api.ask("PUT", f"{SERVICES}/a", service("a"))[1]["spec"]["clusterIP"] == "127.9.8.1"
    assert api.ask("POST", SERVICES, service("b", clusterIP="127.9.8.1"))[0] == 422
    change = {"spec": {"clusterIP": "127.9.8.5"}}
    assert api.ask("PATCH", f"{SERVICES}/a", change, content=MERGE)[0] == 422
    assert api.make(SERVICES, service("headless", clusterIP="None"))["spec"]["clusterIPs"] == ["None"]


def test_a_job_knows_its_pods_by_its_own_uid(api: Api) -> None:
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "none"}]}}
    made = api.make(JOBS, {"metadata": {"name": "j"}, "spec": {"template": template}})
    labels = made["spec"]["template"]["metadata"]["labels"]
    assert made["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert labels["job-name"] == "j"
    assert labels["batch.kubernetes.io/controller-uid"] == made["metadata"]["uid"]
    assert (made["spec"]["completions"], made["spec"]["parallelism"], made["spec"]["backoffLimit"]) == (1, 1, 6)


def test_plain_secrets_are_encoded_and_win_over_encoded_ones(api: Api) -> None:
    body = {"metadata": {"name": "s"}, "data": {"a": "eA==", "b": "eQ=="}, "stringData": {"a": "new"}}
    made = api.make("/api/v1/namespaces/default/secrets", body)
    assert (base64.b64decode(made["data"]["a"]), made["data"]["b"]) == (b"new", "eQ==")
    assert "stringData" not in made
    assert made["type"] == "Opaque"


def test_what_is_sealed_stays_as_it_is(api: Api) -> None:
    api.make(CONFIG_MAPS, {**configmap(), "immutable": True})
    assert api.ask("PATCH", f"{CONFIG_MAPS}/c", {"data": {"a": "2"}}, content=MERGE)[0] == 422
    assert api.ask("PATCH", f"{CONFIG_MAPS}/c", {"metadata": {"labels": {"x": "y"}}}, content=MERGE)[0] == 200


def test_scale_changes_replicas_and_nothing_else(api: Api) -> None:
    api.make(DEPLOYMENTS, deployment(replicas=2))
    code, scale = api.ask("GET", f"{DEPLOYMENTS}/d/scale")
    assert (code, scale["kind"], scale["spec"], scale["status"]) == (
        200,
        "Scale",
        {"replicas": 2},
        {"replicas": 0, "selector": "app=d"},
    )
    scale["spec"]["replicas"] = 5
    assert api.ask("PUT", f"{DEPLOYMENTS}/d/scale", scale)[1]["spec"]["replicas"] == 5
    assert api.ask("PUT", f"{DEPLOYMENTS}/d/scale", scale)[0] == 409
    assert api.ask("PATCH", f"{DEPLOYMENTS}/d/scale", {"spec": {"replicas": -1}}, content=MERGE)[0] == 422
    assert api.ask("GET", f"{DEPLOYMENTS}/d")[1]["metadata"]["generation"] == 2


def test_the_same_event_is_served_in_both_groups_in_their_own_words(api: Api) -> None:
    about = {"kind": "Pod", "name": "p", "namespace": "default"}
    new = {"metadata": {"name": "e"}, "regarding": about, "note": "hello", "reportingController": "me"}
    made = api.make("/apis/events.k8s.io/v1/namespaces/default/events", new)
    assert (made["apiVersion"], made["note"]) == ("events.k8s.io/v1", "hello")
    core = api.ask("GET", "/api/v1/namespaces/default/events/e")[1]
    assert (core["apiVersion"], core["message"], core["involvedObject"]) == ("v1", "hello", about)
    assert core["reportingComponent"] == "me"


def test_a_budget_is_served_in_its_old_version_too(api: Api) -> None:
    old = "/apis/policy/v1beta1/namespaces/default/poddisruptionbudgets"
    made = api.make(old, {"apiVersion": "policy/v1beta1", "metadata": {"name": "b"}, "spec": {"minAvailable": 1}})
    assert made["apiVersion"] == "policy/v1beta1"
    assert api.ask("GET", old.replace("v1beta1", "v1") + "/b")[1]["apiVersion"] == "policy/v1"
    assert api.ask("GET", old)[1]["items"][0]["apiVersion"] == "policy/v1beta1"


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (PODS, pod("Upper"), "metadata.name"),
        (PODS, pod(labels={"a b": "c"}), "metadata.labels"),
        (PODS, pod(labels={"a": "-"}), "metadata.labels"),
        (PODS, pod(ownerReferences=[{"kind": "X", "name": "x", "uid": "u"}]), "metadata.ownerReferences[0].apiVersion"),
        (PODS, {"metadata": {"name": "p"}}, "spec"),
        (PODS, {"metadata": {"name": "p"}, "spec": {}}, "spec.containers"),
        (PODS, {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "a"}]}}, "spec.containers[0].image"),
        (SERVICES, {"metadata": {"name": "9"}, "spec": {"ports": [{"port": 1}]}}, "metadata.name"),
        (SERVICES, service("s", ports=[{"port": 0}]), "spec.ports[0].port"),
        (SERVICES, service("s", ports=[]), "spec.ports"),
        (CONFIG_MAPS, {"metadata": {"name": "c"}, "data": {"a": 1}}, "data[a]"),
        (DEPLOYMENTS, deployment(selector={"matchLabels": {"x": "y"}}), "spec.template.metadata.labels"),
        (DEPLOYMENTS, deployment(selector={}), "spec.selector"),
        (DEPLOYMENTS, deployment(replicas=-1), "spec.replicas"),
        (CONFIG_MAPS, {"metadata": {}}, "metadata.name"),
    ],
)
def test_invalid_objects_are_refused_with_the_field(api: Api, path: str, body: Document, field: str) -> None:
    code, status = api.ask("POST", path, body)
    assert (code, status["reason"]) == (422, "Invalid")
    assert field in [cause["field"] for cause in status["details"]["causes"]]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"null",
        {"kind": "Secret", "metadata": {"name": "c"}},
        {"metadata": []},
        {"metadata": {"name": 5}},
        {"metadata": {"name": "c", "labels": 5}},
        {"metadata": {"name": "c"}, "data": "text"},
        {"metadata": {"name": "c", "namespace": "other"}},
    ],
)
def test_what_is_no_such_object_is_a_bad_request(api: Api, body: object) -> None:
    code, status = api.ask("POST", CONFIG_MAPS, body)
    assert (code, status["reason"]) == (400, "BadRequest")


def test_pods_tolerate_lost_nodes_for_as_long_as_they_say(api: Api) -> None:
    own = {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute"}
    body = pod()
    body["spec"]["tolerations"] = [own]
    tolerations = api.make(PODS, body)["spec"]["tolerations"]
    assert tolerations[0] == own
    assert [(it["key"], it["tolerationSeconds"]) for it in tolerations[1:]] == [("node.kubernetes.io/not-ready", 2)]
