"""Logs and commands, asked of the kubelet itself."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from tests.lab.kubelet.cluster import Cluster, shell, wait_for

pytestmark = pytest.mark.lab


async def run_inside(
    cluster: Cluster, name: str, command: list[str], stdin: bytes = b"", tty: bool = False
) -> tuple[bytes, bytes, dict[str, Any]]:
    """Standard output, standard error and final status of a command."""
    query = [("command", word) for word in command] + [("stdout", "1"), ("stderr", "1"), ("tty", "1" if tty else "0")]
    query += [("stdin", "1")] if stdin else []
    got = {1: b"", 2: b"", 3: b""}
    url = f"ws://{cluster.network.node_ip(0)}:10250/exec/default/{name}/main"
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {cluster.token}"}) as session,
        session.ws_connect(url, params=query, protocols=["v4.channel.k8s.io"], max_msg_size=0) as socket,
    ):
        if stdin:
            for start in range(0, len(stdin), 30000):
                await socket.send_bytes(b"\x00" + stdin[start : start + 30000])
            await socket.send_bytes(b"\xff\x00")
        async for message in socket:
            got[message.data[0]] += message.data[1:]
    return got[1], got[2], json.loads(got[3])


@pytest.fixture
def pod(shared_cluster: Cluster) -> str:
    shared_cluster.run("pod", shell("echo out; echo err >&2; echo last; export X=1; sleep 9000"))
    shared_cluster.until_logged("pod", "last")
    return "pod"


def test_logs_can_be_cut_and_stamped(shared_cluster: Cluster, pod: str) -> None:
    lines = shared_cluster.logs(pod).splitlines()
    assert sorted(lines) == ["err", "last", "out"]
    assert shared_cluster.logs(pod, "tailLines=1") == lines[-1] + "\n"
    assert shared_cluster.logs(pod, "limitBytes=5") == shared_cluster.logs(pod)[:5]
    stamp, text = shared_cluster.logs(pod, "timestamps=true&tailLines=1").split(" ", 1)
    assert stamp.endswith("Z")
    assert text == lines[-1] + "\n"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/containerLogs/default/absent/main", 404),
        ("/containerLogs/default/pod/absent", 404),
        ("/containerLogs/default/pod/main?tailLines=x", 400),
        ("/containerLogs/default/pod/main?previous=true", 400),
        ("/exec/default/pod/main", 400),
        ("/exec/default/pod/main?command=ls", 400),
    ],
)
def test_what_cannot_be_served_is_refused(shared_cluster: Cluster, pod: str, path: str, code: int) -> None:
    assert shared_cluster.kubelet(path)[0] == code


def test_a_wrong_token_is_refused(shared_cluster: Cluster, pod: str) -> None:
    assert shared_cluster.kubelet("/containerLogs/default/pod/main", token="wrong")[0] == 401


def test_followed_logs_end_with_their_container(shared_cluster: Cluster) -> None:
    shared_cluster.run("counts", shell("for i in 1 2 3; do echo $i; sleep 0.2; done"), restartPolicy="Never")
    shared_cluster.until_running("counts")
    assert shared_cluster.logs("counts", "follow=true") == "1\n2\n3\n"


def test_a_command_runs_inside_with_its_own_streams_and_exit_code(shared_cluster: Cluster, pod: str) -> None:
    script = "echo $POD_NAME; pwd >&2; test -d /proc/1 && tr '\\0' ' ' < /proc/1/cmdline; exit 4"
    out, err, status = asyncio.run(run_inside(shared_cluster, pod, ["sh", "-c", script]))
    assert out.startswith(b"pod\nsh -c echo out;")
    assert err.endswith(b"/containers/main\n")
    assert status["details"]["causes"] == [{"reason": "ExitCode", "message": "4"}]


def test_much_goes_in_and_comes_out_whole(shared_cluster: Cluster, pod: str) -> None:
    sent = bytes(range(256)) * 8000
    out, _, status = asyncio.run(run_inside(shared_cluster, pod, ["cat"], stdin=sent))
    assert out == sent
    assert status["status"] == "Success"


def test_a_terminal_is_given_where_wanted(shared_cluster: Cluster, pod: str) -> None:
    out, _, status = asyncio.run(
        run_inside(shared_cluster, pod, ["sh", "-c", "tty && echo < /dev/tty && echo ok"], b"\n", tty=True)
    )
    assert b"/dev/pts/" in out
    assert b"ok" in out
    assert status["status"] == "Success"


def test_a_command_dies_with_its_client(shared_cluster: Cluster, pod: str) -> None:
    async def start_and_leave() -> None:
        url = f"ws://{shared_cluster.network.node_ip(0)}:10250/exec/default/pod/main"
        query = [("command", word) for word in ("sh", "-c", "echo here; sleep 8123")] + [("stdout", "1")]
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {shared_cluster.token}"}) as session:
            socket = await session.ws_connect(url, params=query, protocols=["v4.channel.k8s.io"])
            assert (await socket.receive()).data == b"\x01here\n"
            await socket.close()

    document = shared_cluster.pod("pod")
    assert document is not None
    before = len(shared_cluster.processes(document["metadata"]["uid"]))
    asyncio.run(start_and_leave())
    wait_for(lambda: len(shared_cluster.processes(document["metadata"]["uid"])) == before, "the command is gone", 3)
