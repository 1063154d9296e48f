"""Roles and bindings: a ServiceAccount may do what somebody has allowed it, and nothing else."""

import pytest

from lab.apiserver.errors import Document
from tests.lab.apiserver.in_process import CONFIG_MAPS, MERGE, PODS, Api, configmap, pod

ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
ACCOUNT = {"kind": "ServiceAccount", "name": "sre", "namespace": "default"}


@pytest.fixture
def api() -> Api:
    made = Api()
    made.make(ACCOUNTS, {"metadata": {"name": "sre"}})
    return made


def token(api: Api, **spec: int) -> str:
    code, answer = api.ask("POST", f"{ACCOUNTS}/sre/token", {"spec": spec})
    assert code == 201, answer
    text: str = answer["status"]["token"]
    return text


def allow(api: Api, *rules: Document, cluster: bool = False, subject: Document | None = None) -> None:
    kind, root = ("ClusterRole", RBAC) if cluster else ("Role", f"{RBAC}/namespaces/default")
    api.make(f"{root}/{kind.lower()}s", {"metadata": {"name": "r"}, "rules": list(rules)})
    binding = {
        "metadata": {"name": "b"},
        "roleRef": {"kind": kind, "name": "r", "apiGroup": "rbac.authorization.k8s.io"},
        "subjects": [subject or ACCOUNT],
    }
    api.make(f"{root}/{kind.lower()}bindings", binding)


def rule(*verbs: str, resources: tuple[str, ...] = ("configmaps",), **more: list[str]) -> Document:
    return {"apiGroups": [""], "resources": list(resources), "verbs": list(verbs), **more}


def test_an_account_without_a_binding_may_do_nothing(api: Api) -> None:
    code, status = api.ask("GET", CONFIG_MAPS, token=token(api))
    assert code == 403
    assert status["message"] == (
        'configmaps is forbidden: User "system:serviceaccount:default:sre" cannot list resource "configmaps" in API '
        'group "" in the namespace "default"'
    )


@pytest.mark.parametrize(
    ("verb", "method", "path", "body"),
    [
        ("list", "GET", CONFIG_MAPS, None),
        ("get", "GET", f"{CONFIG_MAPS}/c", None),
        ("create", "POST", CONFIG_MAPS, configmap("d")),
        ("update", "PUT", f"{CONFIG_MAPS}/c", configmap()),
        ("patch", "PATCH", f"{CONFIG_MAPS}/c", {}),
        ("delete", "DELETE", f"{CONFIG_MAPS}/c", None),
        ("deletecollection", "DELETE", CONFIG_MAPS, None),
    ],
)
def test_each_request_needs_its_own_verb(api: Api, verb: str, method: str, path: str, body: Document | None) -> None:
    api.make(CONFIG_MAPS, configmap())
    bearer = token(api)
    content = MERGE if method == "PATCH" else "application/json"
    every = {"list", "get", "create", "update", "patch", "delete", "deletecollection", "watch"}
    allow(api, rule(*every - {verb}))
    assert api.ask(method, path, body, token=bearer, content=content)[0] == 403
    api.ask(
        "PATCH", f"{RBAC}/namespaces/default/roles/r", {"rules": [rule(verb)]}, content="application/merge-patch+json"
    )
    assert api.ask(method, path, body, token=bearer, content=content)[0] in (200, 201)


def test_a_role_ends_at_its_namespace(api: Api) -> None:
    allow(api, rule("list"))
    assert api.ask("GET", "/api/v1/namespaces/kube-system/configmaps", token=token(api))[0] == 403
    assert api.ask("GET", "/api/v1/configmaps", token=token(api))[0] == 403


def test_a_role_in_a_namespace_may_allow_the_namespace_itself(api: Api) -> None:
    allow(api, rule("get", resources=("namespaces",)))
    assert api.ask("GET", "/api/v1/namespaces/default", token=token(api))[0] == 200
    assert api.ask("GET", "/api/v1/namespaces/kube-system", token=token(api))[0] == 403


def test_a_cluster_role_holds_everywhere(api: Api) -> None:
    allow(api, rule("list"), cluster=True)
    assert api.ask("GET", "/api/v1/namespaces/kube-system/configmaps", token=token(api))[0] == 200
    assert api.ask("GET", "/api/v1/configmaps", token=token(api))[0] == 200


def test_a_subresource_is_asked_for_by_itself(api: Api) -> None:
    api.make(PODS, pod())
    allow(api, rule("create", resources=("pods",)))
    eviction = {"kind": "Eviction", "apiVersion": "policy/v1", "metadata": {"name": "p"}}
    code, status = api.ask("POST", f"{PODS}/p/eviction", eviction, token=token(api))
    assert code == 403
    assert 'cannot create resource "pods/eviction"' in status["message"]


def test_names_narrow_a_rule(api: Api) -> None:
    api.make(CONFIG_MAPS, configmap("mine"))
    api.make(CONFIG_MAPS, configmap("other"))
    allow(api, rule("get", resourceNames=["mine"]))
    assert api.ask("GET", f"{CONFIG_MAPS}/mine", token=token(api))[0] == 200
    assert api.ask("GET", f"{CONFIG_MAPS}/other", token=token(api))[0] == 403


def test_a_group_is_a_subject_too(api: Api) -> None:
    allow(api, rule("list"), subject={"kind": "Group", "name": "system:serviceaccounts:default"})
    assert api.ask("GET", CONFIG_MAPS, token=token(api))[0] == 200


def test_an_account_is_told_what_it_may_do(api: Api) -> None:
    allow(api, rule("list"))
    answers = {}
    for verb in ("list", "delete"):
        body = {"spec": {"resourceAttributes": {"verb": verb, "resource": "configmaps", "namespace": "default"}}}
        code, answer = api.ask("POST", REVIEW, body, token=token(api))
        assert code == 201
        answers[verb] = answer["status"]["allowed"]
    assert answers == {"list": True, "delete": False}


def test_a_token_ends_with_its_account(api: Api) -> None:
    bearer = token(api)
    api.ask("DELETE", f"{ACCOUNTS}/sre")
    assert api.ask("GET", CONFIG_MAPS, token=bearer)[0] == 401


def test_a_token_is_not_to_be_forged(api: Api) -> None:
    content, _, signature = token(api).partition(".")
    assert api.ask("GET", CONFIG_MAPS, token=f"{content}x.{signature}")[0] == 401
    assert api.ask("GET", CONFIG_MAPS, token=f"{content}.x")[0] == 401


def test_a_token_of_seconds_is_refused(api: Api) -> None:
    code, status = api.ask("POST", f"{ACCOUNTS}/sre/token", {"spec": {"expirationSeconds": 5}})
    assert (code, status["message"]) == (
        422,
        "spec.expirationSeconds: may not specify a duration less than 600 seconds",
    )
