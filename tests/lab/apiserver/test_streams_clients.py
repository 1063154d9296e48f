"""pods/log and pods/exec with real clients over TLS: every kubectl on PATH and the Python client.

To test several versions of kubectl put the directory of each on PATH.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.apiserver.kubectls import KUBECTLS, SECONDS, Kubectl, alive, eventually
from tests.lab.apiserver.stand_ins import CONTAINER, LOG_LINES, NAMESPACE, POD, StandIns, stand_ins

pytestmark = pytest.mark.lab

TERMINAL_SCRIPT = "read x; echo got $x >&2; exit 3"
LOG = "".join(f"line {number}\n" for number in range(LOG_LINES))


@pytest.fixture
def servers(tmp_path: Path, lab_octet: int) -> Iterator[StandIns]:
    with stand_ins(tmp_path, lab_octet) as running:
        yield running


@pytest.fixture(params=KUBECTLS, ids=str)
def kubectl_path(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


@pytest.fixture(params=["websocket", "spdy"])
def kubectl(request: pytest.FixtureRequest, kubectl_path: Path, servers: StandIns) -> Kubectl:
    return Kubectl(kubectl_path, servers.credentials.kubeconfig, request.param == "websocket")


def test_exec_keeps_stdout_stderr_and_the_exit_code_apart(kubectl: Kubectl) -> None:
    done = kubectl.run("exec", POD, "--", "sh", "-c", "echo out; echo err >&2; exit 7")
    assert (done.returncode, done.stdout) == (7, b"out\n")
    assert done.stderr.splitlines()[0] == b"err"


def test_exec_of_a_success_is_a_success(kubectl: Kubectl) -> None:
    done = kubectl.run("exec", POD, "--", "true")
    assert (done.returncode, done.stdout, done.stderr.replace(b"Defaulted container", b"")) == (0, b"", done.stderr)


def test_exec_carries_megabytes_both_ways_and_the_end_of_stdin(kubectl: Kubectl) -> None:
    payload = os.urandom(1 << 20) * 6
    done = kubectl.run("exec", "-i", POD, "--", "cat", stdin=payload)
    assert done.returncode == 0, done.stderr
    assert done.stdout == payload


def test_exec_ends_though_the_command_leaves_its_stdin_unread(kubectl: Kubectl) -> None:
    done = kubectl.run("exec", "-i", POD, "--", "head", "-c", "3", stdin=b"abc" * 2_000_000)
    assert (done.returncode, done.stdout) == (0, b"abc")


def test_exec_with_a_terminal_has_one_output(kubectl: Kubectl) -> None:
    code, output = kubectl.run_on_terminal("typed\n", "exec", "-i", "-t", POD, "--", "sh", "-c", TERMINAL_SCRIPT)
    assert (code, "got typed" in output) == (3, True), output


def test_a_command_is_stopped_when_its_client_goes_away(kubectl: Kubectl) -> None:
    client = kubectl.start("exec", POD, "--", "sh", "-c", "echo $$; exec sleep 600")
    assert client.stdout is not None
    pid = int(client.stdout.readline())
    assert alive(pid)
    client.kill()
    client.communicate()
    assert eventually(lambda: not alive(pid))


def test_a_container_that_does_not_exist_is_not_found(kubectl: Kubectl) -> None:
    done = kubectl.run("exec", POD, "-c", "other", "--", "true")
    assert done.returncode == 1
    assert b"other" in done.stderr
    assert b"not found" in done.stderr


def test_a_kubelet_out_of_reach_is_named(kubectl: Kubectl, servers: StandIns) -> None:
    servers.api.kubelet_url = servers.api.kubelet_url.replace(":10250", ":9")
    done = kubectl.run("exec", POD, "--", "true")
    assert done.returncode == 1
    assert b"no answer from the kubelet" in done.stderr


def test_port_forwarding_is_said_to_be_missing(kubectl: Kubectl) -> None:
    done = kubectl.run("port-forward", POD, "0:80")
    assert done.returncode == 1
    assert b"the lab does not serve pods/portforward" in done.stderr


def test_logs_are_passed_on_with_their_options(kubectl: Kubectl, servers: StandIns) -> None:
    done = kubectl.run("logs", POD, "-c", CONTAINER, "--tail", "9", "--timestamps")
    assert done.stdout.decode() == LOG
    assert servers.kubelet.log_queries[-1] == {"tailLines": "9", "timestamps": "true"}


def test_followed_logs_arrive_as_they_are_written(kubectl: Kubectl, servers: StandIns) -> None:
    client = kubectl.start("logs", "-f", POD)
    assert client.stdout is not None
    assert [client.stdout.readline().decode() for _ in range(LOG_LINES)] == LOG.splitlines(keepends=True)
    servers.loop.call_soon_threadsafe(servers.kubelet.log_more.set)
    assert client.communicate(timeout=SECONDS)[0] == b"one more\n"
    assert client.returncode == 0


def test_a_followed_log_is_given_up_when_its_client_goes_away(kubectl: Kubectl, servers: StandIns) -> None:
    client = kubectl.start("logs", "-f", POD)
    assert client.stdout is not None
    client.stdout.readline()
    assert servers.kubelet.followers == 1
    client.kill()
    client.communicate()
    assert eventually(lambda: servers.kubelet.followers == 0)


@pytest.fixture
def core_api(servers: StandIns) -> Iterator[Any]:
    from kubernetes import client, config

    connection = config.new_client_from_config(str(servers.credentials.kubeconfig))
    yield client.CoreV1Api(connection)
    connection.close()


def python_exec(core_api: Any, command: list[str], **options: Any) -> Any:
    from kubernetes.stream import stream

    wanted = {"stdin": False, "stdout": True, "stderr": True, "tty": False, "container": CONTAINER, **options}
    return stream(core_api.connect_get_namespaced_pod_exec, POD, NAMESPACE, command=command, **wanted)


def test_the_python_client_runs_a_command(core_api: Any) -> None:
    assert python_exec(core_api, ["sh", "-c", "echo out; echo err >&2"]).splitlines() in (
        ["out", "err"],
        ["err", "out"],
    )


def test_the_python_client_has_streams_stdin_and_the_exit_code(core_api: Any) -> None:
    session = python_exec(
        core_api, ["sh", "-c", "read x; echo $x; echo err >&2; exit 5"], stdin=True, _preload_content=False
    )
    session.write_stdin("typed\n")
    session.run_forever(timeout=SECONDS)
    assert (session.read_stdout(), session.read_stderr(), session.returncode) == ("typed\n", "err\n", 5)


def test_the_python_client_takes_megabytes(core_api: Any) -> None:
    output = python_exec(core_api, ["sh", "-c", "head -c 4000000 /dev/zero | tr '\\0' x"])
    assert output == "x" * 4_000_000


def test_the_python_client_stops_a_command_by_leaving(core_api: Any) -> None:
    session = python_exec(core_api, ["sh", "-c", "echo $$; exec sleep 600"], _preload_content=False)
    pid = int(session.readline_stdout(timeout=SECONDS))
    session.close()
    assert eventually(lambda: not alive(pid))


def test_the_python_client_reads_logs(core_api: Any) -> None:
    # Not decoded by the client: release 36 makes "b'...'" of a text (kubernetes-client/python issue 2596).
    answer = core_api.read_namespaced_pod_log(POD, NAMESPACE, _preload_content=False)
    assert answer.data.decode() == LOG


def test_a_kubelet_lost_in_the_middle_fails_the_command(core_api: Any, servers: StandIns) -> None:
    session = python_exec(core_api, ["sh", "-c", "echo started; exec sleep 600"], _preload_content=False)
    assert session.readline_stdout(timeout=SECONDS) == "started"
    servers.loop.call_soon_threadsafe(servers.kubelet.lose_connections)
    session.run_forever(timeout=SECONDS)
    assert "broke before the command ended" in session.read_channel(3)
