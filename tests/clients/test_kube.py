"""The Kubernetes client's errors, against servers that refuse or misbehave."""

import json
import socket
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import yaml

from clients.kube import PODS, ConflictError, Kube, KubeError, NotFoundError
from tests.clients.misbehaving import Answer, answering, body

UseServer = Callable[[str], None]


@pytest.fixture
def use_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UseServer:
    """Point KUBECONFIG to a server."""

    def use(url: str) -> None:
        path = tmp_path / "kubeconfig"
        path.write_text(
            yaml.safe_dump(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": "test",
                    "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
                    "clusters": [{"name": "test", "cluster": {"server": url}}],
                    "users": [{"name": "test", "user": {"token": "t"}}],
                }
            )
        )
        monkeypatch.setenv("KUBECONFIG", str(path))

    return use


def status(code: int, message: str) -> Answer:
    return body(code, json.dumps({"kind": "Status", "status": "Failure", "message": message, "code": code}))


def test_pods_are_read_page_by_page(use_server: UseServer) -> None:
    paths: list[str] = []

    def pages(handler: BaseHTTPRequestHandler) -> None:
        paths.append(handler.path)
        first = "continue=" not in handler.path
        page = {"metadata": {"continue": "next"} if first else {}, "items": [{"page": len(paths)}]}
        body(200, json.dumps(page))(handler)

    with answering(pages) as url:
        use_server(url)
        with Kube() as kube:
            assert kube.pods("ml-serving", "app=llm") == [{"page": 1}, {"page": 2}]
    assert all("labelSelector=app%3Dllm" in path and "limit=500" in path for path in paths)


def test_a_name_never_leads_to_another_namespace() -> None:
    traversing = "../../kube-system/pods/a"
    assert PODS.path("ml", traversing) == "/api/v1/namespaces/ml/pods/..%2F..%2Fkube-system%2Fpods%2Fa"
    assert PODS.path("ml/../kube-system") == "/api/v1/namespaces/ml%2F..%2Fkube-system/pods"
    for place in (("..", "a"), ("ml", ".."), ("ml", ".")):
        with pytest.raises(KubeError, match="is no name"):
            PODS.path(*place)


def test_forbidden_names_what_is_missing(use_server: UseServer) -> None:
    with answering(status(403, 'pods is forbidden: User "sre" cannot list resource "pods"')) as url:
        use_server(url)
        with Kube() as kube, pytest.raises(KubeError) as caught:
            kube.pods("ml-serving", "app=llm")
    said = str(caught.value)
    assert 'User "sre" cannot list resource "pods"' in said
    assert "it takes a Role in namespace ml-serving with verb list on pods" in said


def test_a_forbidden_delete_names_verb_and_resource(use_server: UseServer) -> None:
    with answering(status(403, "no")) as url:
        use_server(url)
        with Kube() as kube, pytest.raises(KubeError, match="namespace ml-serving with verb delete on pods"):
            kube.delete_pod("ml-serving", "llm-1", "uid", 0)


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        (401, KubeError, "does not know these credentials"),
        (404, NotFoundError, "it is not there"),
        (409, ConflictError, "the UID in the precondition"),
        (500, KubeError, "answered 500: etcd"),
    ],
)
def test_every_refusal_says_what_happened(use_server: UseServer, code: int, kind: type[KubeError], said: str) -> None:
    message = {409: "the UID in the precondition differs", 500: "etcd"}.get(code, "x")
    with answering(status(code, message)) as url:
        use_server(url)
        with Kube() as kube, pytest.raises(kind, match=said):
            kube.delete_pod("ml-serving", "llm-1", "uid", 0)


def test_the_deletion_is_of_this_very_pod(use_server: UseServer) -> None:
    sent: list[dict[str, object]] = []

    def take(handler: BaseHTTPRequestHandler) -> None:
        sent.append(json.loads(handler.rfile.read(int(handler.headers["Content-Length"]))))
        body(200, "{}")(handler)

    with answering(take) as url:
        use_server(url)
        with Kube() as kube:
            kube.delete_pod("ml-serving", "llm-1", "uid-1", 0)
    assert sent == [
        {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "gracePeriodSeconds": 0,
            "preconditions": {"uid": "uid-1"},
        }
    ]


def test_a_server_that_is_down_is_named_with_the_remedy(use_server: UseServer) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    use_server(url)
    with Kube() as kube, pytest.raises(KubeError, match=f"{url}: connection refused; is the cluster up"):
        kube.pods("ml-serving", "app=llm")


def test_a_slow_server_is_given_up_on(use_server: UseServer) -> None:
    with answering(lambda _: time.sleep(0.8)) as url:
        use_server(url)
        with Kube(timeout=0.2) as kube, pytest.raises(KubeError, match=r"no answer within 0\.2 s"):
            kube.pods("ml-serving", "app=llm")


@pytest.mark.parametrize("content", ["<html>", "[]"])
def test_another_kind_of_server_is_told_apart(use_server: UseServer, content: str) -> None:
    with answering(body(200, content)) as url:
        use_server(url)
        with Kube() as kube, pytest.raises(KubeError, match="is it a Kubernetes API"):
            kube.pods("ml-serving", "app=llm")


def test_no_kubeconfig_is_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "missing"))
    with pytest.raises(KubeError, match=r"no cluster to reach.*missing.*set KUBECONFIG"):
        Kube()


def test_a_kind_that_is_not_read_is_refused(use_server: UseServer) -> None:
    use_server("http://127.0.0.1:1")
    with Kube() as kube, pytest.raises(KubeError, match="CronJob is not a workload that mlchaos reads"):
        kube.workload("CronJob", "ml-training", "trainer")


def test_the_time_limit_can_be_set(use_server: UseServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLCHAOS_KUBE_TIMEOUT", "0.2")
    with answering(lambda _: time.sleep(0.8)) as url:
        use_server(url)
        with Kube() as kube, pytest.raises(KubeError, match=r"no answer within 0\.2 s"):
            kube.pods("ml-serving", "app=llm")


@pytest.mark.parametrize("text", ["soon", "0", "-1", "nan", "inf"])
def test_a_time_limit_that_is_none_is_refused(
    use_server: UseServer, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    use_server("http://127.0.0.1:1")
    monkeypatch.setenv("MLCHAOS_KUBE_TIMEOUT", text)
    with pytest.raises(KubeError, match=f"MLCHAOS_KUBE_TIMEOUT={text} is no time limit: give seconds, such as 10"):
        Kube()
