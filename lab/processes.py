"""How the lab starts processes so that none outlives it, and how it finds those that might.

Three nets, each for what slips through the one before:

1. every child is sent SIGKILL by the kernel when its parent dies (`setpriv --pdeathsig KILL`), down to the containers;
2. a container's process tree lives in a PID namespace where the kernel allows, and dies as one (lab.kubelet);
3. every process carries the lab's id in its environment: whoever still has it after the supervisor is gone is killed by
   the warden, by `chaos lab down` and by the next `chaos lab up`.
"""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

MARK = "MLCHAOS_LAB"


def die_with_parent(command: Sequence[str]) -> list[str]:
    """`command`, to be killed by the kernel as soon as the process that starts it dies."""
    return ["setpriv", "--pdeathsig", "KILL", "--", *command]


async def start(command: Sequence[str], log: Path, environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    """Start `command` under the three nets, its output appended to `log`. The main thread must call this."""
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *die_with_parent(command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(environment),
            start_new_session=True,
        )


def carrying(variable: str) -> list[int]:
    """The processes that were started with `variable` (`NAME=value`) in their environment, without the one that asks.

    Root sees those of all users, others see their own.
    """
    wanted = variable.encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):  # gone meanwhile, or somebody else's
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found


def kill_carrying(variable: str, patience: float = 5.0) -> list[int]:
    """Kill every process that carries `variable`, again until none is left or `patience` seconds are over.

    Gives the processes that would not die (kernel waits, other users'): an empty list is success.
    """
    deadline = time.monotonic() + patience
    while left := carrying(variable):
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            return left
        time.sleep(0.01)  # the kernel gives no way to wait for processes that are not our children
    return []


def marked(lab_id: str) -> list[int]:
    """The processes of a lab."""
    return carrying(f"{MARK}={lab_id}")


def sweep(lab_id: str) -> list[int]:
    """Kill every process of a lab; gives those that would not die."""
    return kill_carrying(f"{MARK}={lab_id}")


def how_it_ended(returncode: int) -> str:
    """A return code of asyncio's in words."""
    if returncode < 0:
        return f"killed by {signal.Signals(-returncode).name}"
    return f"exited with status {returncode}"
