"""A command run in a container, through the API's exec (WebSocket, v5 and v4.channel.k8s.io), within a time.

The official client's own stream module connects without any timeout, changes the shared client while it runs, and drops
the status that a refusal had. An undo can afford none of that, so this speaks the protocol itself (a byte that names
the channel, then its bytes), over the official client's configuration: same server, certificates and credentials.
"""

import json
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from clients.kube import PODS, Kube
from clients.kube_errors import KubeError, Request, TransientError, message_of, one_line, refusal

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
STDOUT, STDERR, STATUS = 1, 2, 3
OUTPUT_LIMIT_BYTES = 4 << 20


class ExecError(KubeError):
    """The container could not run the command at all: it has no such program, or runs no more."""


@dataclass(frozen=True, slots=True)
class Executed:
    """How a command ended in its container, and what it said."""

    stdout: str
    stderr: str
    exit_code: int


def execute(
    kube: Kube, namespace: str, pod: str, container: str, command: Sequence[str], timeout: float = 10.0
) -> Executed:
    """Run `command` in a container and wait for its end, at most `timeout` seconds in all.

    An exit code other than 0 is a result. Raises NotFoundError, ForbiddenError, ExecError (no such program, or the
    container is not running), TransientError (no answer in time, or the connection was lost: the command may have run
    or may still run), KubeError. Takes the verbs `get` and `create` on `pods/exec`: which one is asked depends on the
    server's release.
    """
    from websocket import WebSocketBadStatusException, WebSocketException

    what = Request("create", "pods/exec", namespace, pod)
    deadline = time.monotonic() + timeout
    try:
        connection = _connect(kube, _url(kube, namespace, pod, container, command), timeout)
    except WebSocketBadStatusException as error:
        raise refusal(what, kube.place, error.status_code, message_of(error.resp_body)) from error
    except (WebSocketException, OSError) as error:
        raise TransientError(f"cannot {what}: no connection to {kube.server}: {one_line(error)}") from error
    try:
        said = _read(connection, deadline)
    except (WebSocketException, OSError, _EndedError) as error:
        reason = f"no result within {timeout:g} s" if isinstance(error, TimeoutError) else one_line(error)
        raise TransientError(f"cannot {what}: {kube.server}: {reason}; whether the command ran is not known") from error
    finally:
        connection.shutdown()
    texts = [bytes(said.get(channel, b"")).decode("utf-8", "replace") for channel in (STDOUT, STDERR)]
    return Executed(texts[0], texts[1], _exit_code(what, container, bytes(said[STATUS])))


class _EndedError(Exception):
    """The connection ended before the command's result came."""


def _url(kube: Kube, namespace: str, pod: str, container: str, command: Sequence[str]) -> str:
    query = [("container", container), *(("command", word) for word in command), ("stdout", "true"), ("stderr", "true")]
    server = kube.server.replace("http", "ws", 1).rstrip("/")
    return f"{server}{PODS.path(namespace, pod, 'exec')}?{urlencode(query)}"


def _connect(kube: Kube, url: str, timeout: float) -> Any:
    from websocket import WebSocket

    configuration = kube.configuration
    headers = {setting["key"]: setting["value"] for setting in configuration.auth_settings().values()}
    connection: Any = WebSocket(sslopt=_tls(configuration), skip_utf8_validation=True)
    connection.connect(url, timeout=timeout, header=headers, subprotocols=PROTOCOLS, **_proxy(configuration))
    return connection


def _tls(configuration: Any) -> dict[str, Any]:
    options: dict[str, Any] = {"cert_reqs": ssl.CERT_NONE, "check_hostname": False}
    if configuration.verify_ssl:
        options = {"cert_reqs": ssl.CERT_REQUIRED, "check_hostname": configuration.assert_hostname is not False}
        if configuration.ssl_ca_cert:
            options["ca_certs"] = configuration.ssl_ca_cert
    given = {
        "certfile": configuration.cert_file,
        "keyfile": configuration.key_file,
        "server_hostname": configuration.tls_server_name,
    }
    return options | {key: value for key, value in given.items() if value}


def _proxy(configuration: Any) -> Mapping[str, Any]:
    """The proxy of the configuration, and no other.

    Where it is given none, websocket-client looks into the environment by itself. It does not where it is given one
    that no host is to use.
    """
    if not configuration.proxy:
        return {"http_proxy_host": "none", "http_proxy_port": 1, "http_no_proxy": ["*"]}
    parts = urlsplit(configuration.proxy)
    options: dict[str, Any] = {"http_proxy_host": parts.hostname, "http_proxy_port": parts.port, "proxy_type": "http"}
    if parts.username:
        options["http_proxy_auth"] = (parts.username, parts.password or "")
    if configuration.no_proxy:
        options["http_no_proxy"] = [host.strip() for host in configuration.no_proxy.split(",")]
    return options


def _read(connection: Any, deadline: float) -> dict[int, bytearray]:
    """What came on each channel until the result did."""
    from websocket import ABNF, WebSocketTimeoutException

    said: dict[int, bytearray] = {}
    while STATUS not in said:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        try:
            kind, frame = connection.recv_data_frame(True)
        except (TimeoutError, WebSocketTimeoutException) as error:
            raise TimeoutError from error
        if kind == ABNF.OPCODE_CLOSE:
            raise _EndedError("it hung up before the command's result")
        if kind in (ABNF.OPCODE_BINARY, ABNF.OPCODE_TEXT) and len(frame.data) > 1:
            kept = said.setdefault(frame.data[0], bytearray())
            kept += frame.data[1 : 1 + OUTPUT_LIMIT_BYTES - len(kept)]
    return said


def _exit_code(what: Request, container: str, status: bytes) -> int:
    try:
        document = json.loads(status)
        if document.get("status") == "Success":
            return 0
        causes = (document.get("details") or {}).get("causes") or []
        codes = [cause["message"] for cause in causes if cause.get("reason") == "ExitCode"]
        if codes:
            return int(codes[0])
        message = one_line(document.get("message", "no reason given"))
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise TransientError(f"cannot {what}: the result cannot be read: {one_line(status[:200])}") from error
    raise ExecError(f"cannot {what}: container {container} did not run the command: {message}")
