"""The command lines that isolate containers, and what the kernel makes of them."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from lab.kubelet.isolation import Isolation, detect
from lab.kubelet.process import Process
from lab.processes import carrying

NULL = (subprocess.DEVNULL,) * 3
BOTH = [Isolation(pid_namespace=False), detect()]


def test_a_plain_container_only_dies_with_the_kubelet() -> None:
    assert Isolation(pid_namespace=False).launch(["x", "-y"]) == ["setpriv", "--pdeathsig", "KILL", "--", "x", "-y"]


def test_other_users_than_root_get_a_user_namespace_too() -> None:
    assert "--map-root-user" in Isolation(pid_namespace=True, user_namespace=True).launch(["x"])
    assert "--map-root-user" not in Isolation(pid_namespace=True).launch(["x"])
    entered = Isolation(pid_namespace=True, user_namespace=True).enter(7, Path("/d"), ["x"], tty=False)
    assert entered[4:11] == ["nsenter", "--user", "--preserve-credentials", "--target", "7", "--pid", "--mount"]


def test_a_terminal_is_opened_by_a_session_inside() -> None:
    assert Isolation(pid_namespace=False).enter(7, Path("/d"), ["x"], tty=True)[-4:] == ["setsid", "--ctty", "--", "x"]


async def run_to_end(isolation: Isolation, script: str) -> int:
    process = Process(isolation.launch(["sh", "-c", script]), {"PATH": "/usr/bin:/bin"}, Path("/"), NULL)
    return await asyncio.wait_for(process.wait(), 10)


@pytest.mark.lab
@pytest.mark.parametrize("isolation", BOTH)
@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 7", 7), ("exec no-such-program", 127)])
def test_exit_codes_are_passed_on(isolation: Isolation, script: str, code: int) -> None:
    assert asyncio.run(run_to_end(isolation, script)) == code


@pytest.mark.lab
@pytest.mark.parametrize("isolation", BOTH)
def test_a_killed_container_ends_with_137(isolation: Isolation) -> None:
    async def scenario() -> int:
        command = ["sh", "-c", "sleep 9000; exit 1"]
        process = Process(isolation.launch(command), {"PATH": "/usr/bin:/bin"}, Path("/"), NULL)
        async with asyncio.timeout(10):
            while not isolation.is_running(process.pid, command):  # noqa: ASYNC110 (nothing tells of an exec)
                await asyncio.sleep(0.001)
            isolation.kill(process.pid)
            return await process.wait()

    assert asyncio.run(scenario()) == 137


@pytest.mark.lab
@pytest.mark.parametrize("delay", [0, 0.001, 0.002, 0.004, 0.008])
def test_a_container_killed_while_it_starts_leaves_nothing(delay: float, tmp_path: Path) -> None:
    async def scenario() -> None:
        isolation = detect()
        environment = {"PATH": "/usr/bin:/bin", "TEST_MARK": str(tmp_path)}
        process = Process(isolation.launch(["sleep", "9000"]), environment, Path("/"), NULL)
        await asyncio.sleep(delay)
        isolation.kill(process.pid)
        assert await asyncio.wait_for(process.wait(), 10) != 0

    for _ in range(5):
        asyncio.run(scenario())
    assert carrying(f"TEST_MARK={tmp_path}") == []
