"""A small asynchronous Kubernetes API client: plain JSON documents, errors that carry the server's Status."""

import base64
import json
import ssl
from collections.abc import AsyncGenerator
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import aiohttp
import yaml

Document = dict[str, Any]
Patch = Document | list[Document]  # a list for JSON_PATCH

JSON = "application/json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"

REQUEST_SECONDS = 30.0
CONNECT_SECONDS = 5.0
WATCH_SECONDS = 300
WATCH_SLACK_SECONDS = 30
MOST_CONNECTIONS = 100


class ApiError(Exception):
    """The server refused a request: HTTP `status`, Kubernetes `reason` (such as "NotFound") and `message`."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason
        self.message = message

    @classmethod
    def from_status(cls, status: int, body: Document) -> Self:
        """The error that a metav1.Status document tells; `status` is used where it names no code."""
        return cls(int(body.get("code") or status), str(body.get("reason", "")), str(body.get("message", "")))


class KubeconfigError(Exception):
    """The kubeconfig cannot be used; the message names the file and what is wrong with it."""


class WatchEvent(NamedTuple):
    """One line of a watch: ADDED, MODIFIED, DELETED or BOOKMARK, and the object as it is then."""

    type: str
    object: Document


class Access(NamedTuple):
    """What a kubeconfig's current context says about reaching the server."""

    server: str
    token: str
    tls: ssl.SSLContext | None


def read_kubeconfig(path: Path) -> Access:
    """Server, token and trust of the current context in the kubeconfig at `path` (KubeconfigError if unusable)."""
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        config = yaml.load(path.read_text(), Loader=loader)  # noqa: S506 (the quick safe loader, where there is one)
        contexts = {entry["name"]: entry["context"] for entry in config["contexts"]}
        context = contexts[config["current-context"]]
        cluster = {entry["name"]: entry["cluster"] for entry in config["clusters"]}[context["cluster"]]
        user = {entry["name"]: entry["user"] for entry in config["users"]}[context["user"]]
        server = str(cluster["server"]).rstrip("/")
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise KubeconfigError(f"{path}: not a usable kubeconfig: {type(error).__name__}: {error}") from error
    token = user.get("token") or (Path(user["tokenFile"]).read_text().strip() if user.get("tokenFile") else "")
    return Access(server, token, _trust(cluster) if server.startswith("https:") else None)


def _trust(cluster: Document) -> ssl.SSLContext:
    if data := cluster.get("certificate-authority-data"):
        return ssl.create_default_context(cadata=base64.b64decode(data).decode())
    context = ssl.create_default_context(cafile=cluster.get("certificate-authority"))
    if cluster.get("insecure-skip-tls-verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class KubeClient:
    """`async with KubeClient(path) as api`: requests against one API server. Paths start at its root (`/api/v1/pods`).

    Every method raises ApiError when the server answers 400 or more, and aiohttp.ClientError or TimeoutError when it
    does not answer. Keyword arguments are query parameters under Kubernetes' own names (`labelSelector="app=llm"`).
    """

    def __init__(self, kubeconfig: Path) -> None:
        self._access = read_kubeconfig(kubeconfig)
        self._open_session: aiohttp.ClientSession | None = None

    @property
    def server(self) -> str:
        """URL of the API server."""
        return self._access.server

    async def __aenter__(self) -> Self:
        headers = {"Accept": JSON}
        if self._access.token:
            headers["Authorization"] = f"Bearer {self._access.token}"
        self._open_session = aiohttp.ClientSession(
            base_url=self._access.server,
            headers=headers,
            connector=aiohttp.TCPConnector(limit=MOST_CONNECTIONS, ssl=self._access.tls or True),
            timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS, sock_connect=CONNECT_SECONDS),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    @property
    def _session(self) -> aiohttp.ClientSession:
        if self._open_session is None:
            raise RuntimeError("use the client as `async with KubeClient(path) as api`")
        return self._open_session

    async def get(self, path: str, **params: str) -> Document:
        """One object."""
        return await self._request("GET", path, params=params)

    async def list(self, path: str, **params: str) -> Document:
        """The whole list document: `items` and `metadata.resourceVersion`."""
        return await self._request("GET", path, params=params)

    async def create(self, path: str, body: Document) -> Document:
        """The object as stored. Sub-resources that are posted to (binding, eviction) go through here as well."""
        return await self._request("POST", path, body=body)

    async def replace(self, path: str, body: Document) -> Document:
        """The object as stored; ApiError 409 if `body` carries an old resourceVersion."""
        return await self._request("PUT", path, body=body)

    async def patch(self, path: str, body: Patch, content_type: str = MERGE) -> Document:
        """The object as patched; `content_type` is MERGE, STRATEGIC or JSON_PATCH."""
        return await self._request("PATCH", path, body=body, content_type=content_type)

    async def delete(self, path: str, body: Document | None = None) -> Document:
        """The object as it was (or as it is while it goes); `body` are DeleteOptions."""
        return await self._request("DELETE", path, body=body)

    async def _request(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        body: Patch | None = None,
        content_type: str = JSON,
    ) -> Document:
        data = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        headers = {"Content-Type": content_type} if data is not None else None
        async with self._session.request(method, path, params=params, data=data, headers=headers) as response:
            text = await response.read()
            if response.status >= 400:
                raise ApiError.from_status(response.status, _status_document(text))
            answer: Document = json.loads(text)
            return answer

    async def watch(self, path: str, resource_version: str, **params: str) -> AsyncGenerator[WatchEvent, None]:
        """Changes after `resource_version` until the server closes the watch (it does so after `timeoutSeconds`).

        ApiError 410 means that the version is too old to go on from: list again.
        """
        params = {"timeoutSeconds": str(WATCH_SECONDS), "allowWatchBookmarks": "true", **params}
        silence = int(params["timeoutSeconds"]) + WATCH_SLACK_SECONDS
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=silence)
        query = {**params, "watch": "true", "resourceVersion": resource_version}
        async with self._session.get(path, params=query, timeout=timeout) as response:
            if response.status >= 400:
                raise ApiError.from_status(response.status, _status_document(await response.read()))
            async for line in _lines(response.content):
                event = json.loads(line)
                if event["type"] == "ERROR":
                    raise ApiError.from_status(500, event["object"])
                yield WatchEvent(event["type"], event["object"])


def _status_document(text: bytes) -> Document:
    """The metav1.Status in an error's body; a body that is none becomes the message of one."""
    try:
        status = json.loads(text)
    except ValueError:
        status = None
    return status if isinstance(status, dict) else {"message": text.decode(errors="replace")[:500]}


async def _lines(content: aiohttp.StreamReader) -> AsyncGenerator[bytes, None]:
    """Complete lines of any length: StreamReader's own iteration refuses those above 128 KiB, and Secrets can be so."""
    rest = b""
    async for chunk in content.iter_any():
        *complete, rest = (rest + chunk).split(b"\n")
        for line in complete:
            if line:
                yield line
