import pytest

from lab.apiserver.errors import Document
from lab.apiserver.kinds import BUILT_IN, Kind
from tests.lab.apiserver.in_process import CONFIG_MAPS, MERGE, PODS, Api, configmap, pod

AS_TABLE = (
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"
)
AS_METADATA = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"


@pytest.fixture
def api() -> Api:
    return Api()


def listed(api: Api, **query: str) -> tuple[list[str], Document]:
    code, listing = api.ask("GET", CONFIG_MAPS, **query)
    assert code == 200, listing
    return [item["metadata"]["name"] for item in listing["items"]], listing["metadata"]


# --- who may ask


@pytest.mark.parametrize("path", ["/api", PODS, "/apis/nowhere/v1/x", "/openapi/v2", "/prometheus/pods"])
def test_without_the_token_nothing_is_told(api: Api, path: str) -> None:
    code, status = api.ask("GET", path, token="guess")
    assert (code, status["kind"], status["reason"]) == (401, "Status", "Unauthorized")


@pytest.mark.parametrize("path", ["/readyz", "/livez", "/healthz", "/version"])
def test_health_and_version_need_no_token(api: Api, path: str) -> None:
    assert api.ask("GET", path, token="")[0] == 200


def test_access_reviews_allow_everything(api: Api) -> None:
    body = {"kind": "SelfSubjectAccessReview", "spec": {"resourceAttributes": {"verb": "delete"}}}
    code, review = api.ask("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body)
    assert (code, review["status"]["allowed"]) == (201, True)
    code, rules = api.ask("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", {"spec": {}})
    assert (code, rules["status"]["resourceRules"][0]["verbs"]) == (201, ["*"])


@pytest.mark.parametrize(("given", "known"), [("let-me-in", True), ("guess", False)])
def test_a_token_review_knows_the_labs_token(api: Api, given: str, known: bool) -> None:
    _, review = api.ask("POST", "/apis/authentication.k8s.io/v1/tokenreviews", {"spec": {"token": given}})
    assert review["status"]["authenticated"] is known


# --- what is there


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/nothing",
        "/api/v2/pods",
        "/api/v1/unknown",
        f"{PODS}/p/unknown",
        f"{PODS}/p/log/more",
        "/apis/apps/v1/pods",
        "/api/v1/pods/p",
        "/api/v1/namespaces/default/nodes",
        "/apis/apps/v9",
    ],
)
def test_unknown_paths_are_not_found(api: Api, path: str) -> None:
    api.make(PODS, pod())
    code, status = api.ask("GET", path)
    assert (code, status["reason"]) == (404, "NotFound")


@pytest.mark.parametrize(("method", "path"), [("PUT", PODS), ("POST", f"{PODS}/p"), ("POST", "/api/v1/pods")])
def test_what_a_path_cannot_do_is_not_allowed(api: Api, method: str, path: str) -> None:
    assert api.ask(method, path, pod())[0] == 405


@pytest.mark.parametrize("kind", BUILT_IN, ids=lambda kind: kind.plural)
def test_every_kind_is_discovered_and_listed(api: Api, kind: Kind) -> None:
    root = f"/apis/{kind.group}/v1" if kind.group else "/api/v1"
    resources = {it["name"]: it for it in api.ask("GET", root)[1]["resources"]}
    assert resources[kind.plural]["kind"] == kind.name
    assert (f"{kind.plural}/status" in resources) is kind.status
    code, listing = api.ask("GET", f"{root}/{kind.plural}")
    assert (code, listing["kind"], listing["apiVersion"]) == (200, f"{kind.name}List", kind.api_version)


def test_groups_name_their_versions_the_preferred_first(api: Api) -> None:
    groups = {it["name"]: it for it in api.ask("GET", "/apis")[1]["groups"]}
    assert {"apps", "batch", "policy", "events.k8s.io", "authorization.k8s.io", "storage.k8s.io"} <= set(groups)
    assert groups["policy"]["preferredVersion"]["version"] == "v1"
    assert [it["version"] for it in groups["policy"]["versions"]] == ["v1", "v1beta1"]
    assert api.ask("GET", "/apis/policy")[1]["name"] == "policy"


def test_the_specification_is_empty_so_that_kubectl_checks_nothing(api: Api) -> None:
    assert api.ask("GET", "/openapi/v2") == (200, b"")


# --- lists


def test_pages_cover_everything_once_and_keep_the_first_pages_version(api: Api) -> None:
    for index in range(5):
        api.make(CONFIG_MAPS, configmap(f"c{index}"))
    first, metadata = listed(api, limit="2")
    assert (first, metadata["remainingItemCount"]) == (["c0", "c1"], 3)
    api.make(CONFIG_MAPS, configmap("c1-late"))
    second, later = listed(api, limit="2", **{"continue": metadata["continue"]})
    assert (second, later["resourceVersion"]) == (["c1-late", "c2"], metadata["resourceVersion"])
    third, last = listed(api, limit="9", **{"continue": later["continue"]})
    assert (third, "continue" in last) == (["c3", "c4"], False)


@pytest.mark.parametrize("token", ["nonsense", "e30=", "bm9uc2Vuc2U="])
def test_a_page_that_nobody_began_is_refused(api: Api, token: str) -> None:
    assert api.ask("GET", CONFIG_MAPS, **{"continue": token})[0] == 400


@pytest.mark.parametrize("name", ["limit", "timeoutSeconds", "resourceVersion"])
def test_numbers_must_be_numbers(api: Api, name: str) -> None:
    assert api.ask("GET", CONFIG_MAPS, **({"watch": "true"} if name != "limit" else {}), **{name: "many"})[0] == 400


def test_lists_can_be_of_metadata_only(api: Api) -> None:
    api.make(PODS, pod(labels={"a": "b"}))
    _, listing = api.ask("GET", PODS, accept=AS_METADATA)
    assert (listing["kind"], listing["apiVersion"]) == ("PartialObjectMetadataList", "meta.k8s.io/v1")
    item = listing["items"][0]
    assert set(item) == {"kind", "apiVersion", "metadata"}
    assert (item["kind"], item["metadata"]["labels"]) == ("PartialObjectMetadata", {"a": "b"})


def test_lists_can_be_tables_whose_rows_carry_what_is_asked_for(api: Api) -> None:
    api.make(PODS, pod())
    for include, kind in (("", "PartialObjectMetadata"), ("Object", "Pod"), ("None", None)):
        _, table = api.ask("GET", PODS, accept=AS_TABLE, includeObject=include)
        assert (table["kind"], table["apiVersion"]) == ("Table", "meta.k8s.io/v1")
        assert table["rows"][0].get("object", {}).get("kind") == kind
    assert api.ask("GET", f"{PODS}/p", accept=AS_TABLE)[1]["rows"][0]["cells"][0] == "p"


def test_a_form_that_is_not_known_gives_way_to_the_next(api: Api) -> None:
    accept = "application/vnd.kubernetes.protobuf,application/json;as=APIGroupDiscoveryList;v=v2;g=apidiscovery.k8s.io"
    assert api.ask("GET", CONFIG_MAPS, accept=accept)[1]["kind"] == "ConfigMapList"


# --- bodies


@pytest.mark.parametrize("content", ["text/plain", "application/cbor"])
def test_bodies_in_other_languages_are_refused(api: Api, content: str) -> None:
    code, status = api.ask("POST", CONFIG_MAPS, configmap(), content=content)
    assert (code, status["reason"]) == (415, "UnsupportedMediaType")


def test_bodies_may_be_yaml(api: Api) -> None:
    assert api.ask("POST", CONFIG_MAPS, b"metadata: {name: y}\n", content="application/yaml")[0] == 201


def test_a_body_that_is_too_large_is_refused(api: Api) -> None:
    body = {**configmap(), "data": {"a": "x" * (3 * 1024 * 1024)}}
    assert api.ask("POST", CONFIG_MAPS, body)[0] == 413


# --- streams of pods


def test_the_log_of_a_pod_needs_a_node_that_is_there(api: Api) -> None:
    api.make(PODS, pod("unbound", node=""))
    api.make(PODS, pod("lost", node="nowhere"))
    assert api.ask("GET", f"{PODS}/unbound/log")[0] == 400
    assert api.ask("GET", f"{PODS}/lost/log")[0] == 404
    assert api.ask("GET", f"{PODS}/absent/log")[0] == 404


def test_a_container_must_be_named_when_there_are_several(api: Api) -> None:
    body = pod()
    body["spec"]["containers"].append({"name": "side", "image": "none"})
    api.make(PODS, body)
    code, status = api.ask("GET", f"{PODS}/p/log")
    assert (code, "choose one of: [main side]" in status["message"]) == (400, True)
    assert "is not valid for pod" in api.ask("GET", f"{PODS}/p/log", container="other")[1]["message"]


# --- prometheus


def test_pods_with_an_address_are_prometheus_targets(api: Api) -> None:
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "rs", "uid": "u", "controller": True}
    api.make(PODS, pod(labels={"app": "llm"}, annotations={"prometheus.io/port": "80"}, ownerReferences=[owner]))
    assert api.ask("GET", "/prometheus/pods") == (200, [])
    status = {"podIP": "127.9.16.1", "phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    api.ask("PATCH", f"{PODS}/p/status", {"status": status}, content=MERGE)
    _, groups = api.ask("GET", "/prometheus/pods")
    assert groups[0]["targets"] == ["127.9.16.1"]
    expected = {
        "__meta_kubernetes_namespace": "default",
        "__meta_kubernetes_pod_name": "p",
        "__meta_kubernetes_pod_node_name": "n1",
        "__meta_kubernetes_pod_phase": "Running",
        "__meta_kubernetes_pod_ready": "true",
        "__meta_kubernetes_pod_label_app": "llm",
        "__meta_kubernetes_pod_annotation_prometheus_io_port": "80",
        "__meta_kubernetes_pod_annotationpresent_prometheus_io_port": "true",
        "__meta_kubernetes_pod_controller_kind": "ReplicaSet",
    }
    assert expected.items() <= groups[0]["labels"].items()
    assert all(isinstance(value, str) for value in groups[0]["labels"].values())
