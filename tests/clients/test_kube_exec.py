"""Commands in containers, against servers that speak the exec protocol, or do not."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

import pytest
import yaml
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve
from websockets.typing import Subprotocol

from clients.kube import ForbiddenError, Kube, KubeError, NotFoundError, TransientError
from clients.kube_exec import PROTOCOLS, ExecError, Executed, execute

TOKEN = "planted-token-93ab"
Play = Callable[[ServerConnection], None]
Answer = Callable[[ServerConnection, Request], Response | None]


def status(**said: object) -> bytes:
    return b"\x03" + json.dumps(said).encode()


def exit_code(code: int) -> bytes:
    causes = [{"reason": "ExitCode", "message": str(code)}]
    return status(status="Failure", reason="NonZeroExitCode", details={"causes": causes})


@contextmanager
def kubelet(play: Play, answer: Answer | None = None) -> Iterator[Server]:
    """A server that upgrades to the exec protocol and then does what `play` says."""
    protocols = [Subprotocol(protocol) for protocol in PROTOCOLS]
    with serve(play, "127.0.0.1", 0, subprotocols=protocols, process_request=answer) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@contextmanager
def reaching(server: Server, directory: Path, patch: pytest.MonkeyPatch) -> Iterator[Kube]:
    url = f"http://127.0.0.1:{server.socket.getsockname()[1]}"
    document = {
        "current-context": "test",
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        "clusters": [{"name": "test", "cluster": {"server": url}}],
        "users": [{"name": "test", "user": {"token": TOKEN}}],
    }
    (directory / "kubeconfig").write_text(yaml.safe_dump(document))
    patch.setenv("KUBECONFIG", str(directory / "kubeconfig"))
    patch.setenv("HTTP_PROXY", "http://127.0.0.1:1")  # it must not be asked for what is on this machine
    with Kube() as kube:
        yield kube


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Executed]:
    def run(play: Play, answer: Answer | None = None, timeout: float = 10.0) -> Executed:
        with kubelet(play, answer) as server, reaching(server, tmp_path, monkeypatch) as kube:
            return execute(kube, "ml-serving", "llm-1", "llm", ["sh", "-c", "echo a b"], timeout)

    return run


def test_a_command_gives_what_it_said_and_its_exit_code(run: Callable[..., Executed]) -> None:
    asked: list[Request] = []

    def answer(_: ServerConnection, request: Request) -> None:
        asked.append(request)

    def play(connection: ServerConnection) -> None:
        for message in (b"\x01", b"\x01he", b"\x02oh", b"\x01llo", b"\xff\x01", exit_code(3)):
            connection.send(message)

    assert run(play, answer) == Executed("hello", "oh", 3)
    (request,) = asked
    assert request.path == (
        "/api/v1/namespaces/ml-serving/pods/llm-1/exec"
        "?container=llm&command=sh&command=-c&command=echo+a+b&stdout=true&stderr=true"
    )
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"


def test_success_is_exit_code_0(run: Callable[..., Executed]) -> None:
    assert run(lambda connection: connection.send(status(status="Success"))) == Executed("", "", 0)


@pytest.mark.parametrize(
    ("play", "error", "reason"),
    [
        (
            lambda connection: connection.send(status(status="Failure", message='exec: "sh": not found')),
            ExecError,
            "container llm did not run the command: exec: ",
        ),
        (lambda connection: connection.close(), TransientError, "hung up before the command's result"),
        (lambda connection: connection.send(b"\x03{"), TransientError, "the result cannot be read"),
        (lambda connection: connection.send(b"\x03[]"), TransientError, "the result cannot be read"),
    ],
)
def test_what_is_no_result_is_told(
    run: Callable[..., Executed], play: Play, error: type[KubeError], reason: str
) -> None:
    with pytest.raises(error, match=reason):
        run(play)


def test_a_command_that_does_not_end_in_time_may_have_run(run: Callable[..., Executed]) -> None:
    def say_nothing_until_the_client_has_gone(connection: ServerConnection) -> None:
        for _ in connection:
            pass

    with pytest.raises(TransientError, match=r"no result within 0.2 s; whether the command ran is not known"):
        run(say_nothing_until_the_client_has_gone, timeout=0.2)


@pytest.mark.parametrize(
    ("code", "error"),
    [(404, NotFoundError), (403, ForbiddenError), (500, TransientError), (400, KubeError)],
)
def test_a_refusal_is_told_with_the_servers_words_and_without_the_token(
    run: Callable[..., Executed], code: int, error: type[KubeError]
) -> None:
    def answer(connection: ServerConnection, _: Request) -> Response:
        return connection.respond(HTTPStatus(code), json.dumps({"kind": "Status", "message": "the reason"}))

    with pytest.raises(error, match=r"cannot create pods/exec llm-1 in namespace ml-serving: .*the reason") as raised:
        run(lambda _: None, answer)
    assert type(raised.value) is error
    assert TOKEN not in str(raised.value)
