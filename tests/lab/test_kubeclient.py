import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from lab.kubeclient import JSON_PATCH, ApiError, KubeClient, KubeconfigError, read_kubeconfig
from tests.lab.fake_server import CLOSE, FakeServer, event, item, serving, write_kubeconfig


def run(tmp_path: Path, server: FakeServer, test: Callable[[KubeClient], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(10), serving(server, tmp_path) as kubeconfig, KubeClient(kubeconfig) as api:
            await test(api)

    asyncio.run(bounded())


def test_requests_carry_the_token_and_the_query(tmp_path: Path) -> None:
    server = FakeServer()
    server.answers.append((200, {"kind": "PodList"}))

    async def check(api: KubeClient) -> None:
        assert await api.list("/api/v1/pods", labelSelector="app=a b,c!=d") == {"kind": "PodList"}
        request = server.requests[0]
        assert request.headers["Authorization"] == "Bearer secret-token"
        assert dict(request.query) == {"labelSelector": "app=a b,c!=d"}

    run(tmp_path, server, check)


def test_each_verb_sends_its_method_body_and_content_type(tmp_path: Path) -> None:
    server = FakeServer()
    server.answers.extend([(200, {})] * 6)

    async def check(api: KubeClient) -> None:
        await api.create("/x", {"a": 1})
        await api.replace("/x", {"a": 2})
        await api.patch("/x", {"a": None})
        await api.patch("/x", [{"op": "test"}], JSON_PATCH)
        await api.delete("/x")
        await api.delete("/x", {"gracePeriodSeconds": 0})
        sent = [
            (r.method, r.headers.get("Content-Type"), json.loads(body) if body else None)
            for r, body in zip(server.requests, server.bodies, strict=True)
        ]
        assert sent[:4] == [
            ("POST", "application/json", {"a": 1}),
            ("PUT", "application/json", {"a": 2}),
            ("PATCH", "application/merge-patch+json", {"a": None}),
            ("PATCH", "application/json-patch+json", [{"op": "test"}]),
        ]
        assert [(method, body) for method, _, body in sent[4:]] == [
            ("DELETE", None),
            ("DELETE", {"gracePeriodSeconds": 0}),
        ]

    run(tmp_path, server, check)


def test_a_refusal_becomes_an_error_with_the_servers_words(tmp_path: Path) -> None:
    server = FakeServer()
    server.answers.append((404, {"kind": "Status", "code": 404, "reason": "NotFound", "message": 'pods "a" not found'}))

    async def check(api: KubeClient) -> None:
        with pytest.raises(ApiError) as refused:
            await api.get("/api/v1/namespaces/n/pods/a")
        assert (refused.value.status, refused.value.reason) == (404, "NotFound")
        assert 'pods "a" not found' in str(refused.value)

    run(tmp_path, server, check)


def test_a_refusal_that_is_no_status_keeps_its_text(tmp_path: Path) -> None:
    server = FakeServer()
    server.answers.append((502, "bad gateway"))

    async def check(api: KubeClient) -> None:
        with pytest.raises(ApiError, match="502 : bad gateway"):
            await api.get("/x")

    run(tmp_path, server, check)


def test_a_watch_gives_events_of_any_size_until_the_server_closes_it(tmp_path: Path) -> None:
    server = FakeServer()
    large = item("large", 2, annotations={"a": "x" * 1_000_000})
    server.watches.append([event("ADDED", item("a", 1)), event("MODIFIED", large), CLOSE])

    async def check(api: KubeClient) -> None:
        seen = [e async for e in api.watch("/api/v1/pods", "7", fieldSelector="spec.nodeName=x")]
        assert [(e.type, e.object["metadata"]["name"]) for e in seen] == [("ADDED", "a"), ("MODIFIED", "large")]
        query = server.requests[0].query
        assert (query["watch"], query["resourceVersion"], query["fieldSelector"]) == ("true", "7", "spec.nodeName=x")

    run(tmp_path, server, check)


def test_an_error_event_ends_the_watch_with_its_code(tmp_path: Path) -> None:
    server = FakeServer()
    server.watches.append([event("ERROR", {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"})])

    async def check(api: KubeClient) -> None:
        with pytest.raises(ApiError) as refused:
            async for _ in api.watch("/api/v1/pods", "1"):
                pass
        assert refused.value.status == 410

    run(tmp_path, server, check)


def test_a_client_that_was_not_entered_says_how_to_use_it(tmp_path: Path) -> None:
    api = KubeClient(write_kubeconfig(tmp_path / "kubeconfig", "http://127.0.0.1:1"))
    with pytest.raises(RuntimeError, match="async with"):
        asyncio.run(api.get("/x"))


@pytest.mark.parametrize("text", ["", "{", "[]", "contexts: []", "current-context: a\ncontexts: []\nclusters: []"])
def test_an_unusable_kubeconfig_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    with pytest.raises(KubeconfigError, match=r"kubeconfig: not a usable kubeconfig"):
        read_kubeconfig(path)


def test_a_missing_kubeconfig_is_named(tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError, match="absent"):
        read_kubeconfig(tmp_path / "absent")
