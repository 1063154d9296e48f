import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from lab import processes
from tests.waiting import wait_for


@pytest.fixture
def lab_id() -> str:
    return f"lab-test-{uuid.uuid4().hex}"


def sleeping(lab_id: str, *command: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(command or ["sleep", "600"], env={**os.environ, processes.MARK: lab_id})


@pytest.mark.lab
def test_a_sweep_ends_the_marked_and_no_other(lab_id: str) -> None:
    ours, theirs = sleeping(lab_id), sleeping(lab_id + "-other")
    try:
        assert processes.sweep(lab_id) == []
        assert ours.wait(5) == -signal.SIGKILL
        assert theirs.poll() is None
    finally:
        for process in (ours, theirs):
            process.kill()
            process.wait()


@pytest.mark.lab
def test_a_sweep_finds_children_in_other_sessions(lab_id: str) -> None:
    shell = sleeping(lab_id, "setsid", "sh", "-c", "sleep 600 & sleep 600 & wait")
    try:
        wait_for(lambda: len(processes.marked(lab_id)) >= 3)
        assert processes.sweep(lab_id) == []
        assert processes.marked(lab_id) == []
    finally:
        shell.kill()
        shell.wait()


@pytest.mark.lab
def test_a_child_dies_when_its_parent_is_killed(lab_id: str, tmp_path: Path) -> None:
    program = (
        "import asyncio, os, sys\n"
        "from pathlib import Path\n"
        "from lab import processes\n"
        "async def main():\n"
        "    await processes.start(['sleep', '600'], Path(sys.argv[1]), dict(os.environ))\n"
        "    print('started', flush=True)\n"
        "    await asyncio.sleep(600)\n"
        "asyncio.run(main())\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "log")],
        env={**os.environ, processes.MARK: lab_id},
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"started\n"
    wait_for(lambda: len(processes.marked(lab_id)) == 2)
    parent.kill()
    parent.wait()
    wait_for(lambda: not processes.marked(lab_id))
    parent.stdout.close()


@pytest.mark.lab
def test_the_warden_ends_what_the_supervisor_left(lab_id: str) -> None:
    orphan = sleeping(lab_id)
    warden = subprocess.Popen(
        [sys.executable, "-m", "lab.warden"], stdin=subprocess.PIPE, env={**os.environ, processes.MARK: lab_id}
    )
    try:
        assert warden.stdin is not None
        assert orphan.poll() is None
        warden.stdin.close()
        assert orphan.wait(10) == -signal.SIGKILL
        assert warden.wait(10) == 0
    finally:
        for process in (orphan, warden):
            process.kill()
            process.wait()


def test_the_way_a_process_ended_is_said_in_words() -> None:
    assert processes.how_it_ended(-9) == "killed by SIGKILL"
    assert processes.how_it_ended(3) == "exited with status 3"
