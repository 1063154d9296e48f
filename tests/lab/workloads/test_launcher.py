"""The launcher ends as its child ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lab.processes import die_with_parent
from tests.waiting import wait_for

pytestmark = pytest.mark.lab

PROGRAM = """
import os, pathlib, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
pathlib.Path("pid").write_text(str(os.getpid()))
signal.pause()
"""


@pytest.mark.parametrize(("sent", "to_child", "status"), [(signal.SIGTERM, False, 7), (signal.SIGKILL, True, 137)])
def test_the_launcher_passes_signals_on_and_ends_as_its_child_ends(
    tmp_path: Path, sent: signal.Signals, to_child: bool, status: int
) -> None:
    (tmp_path / "rank.py").write_text(PROGRAM)
    root = str(Path(__file__).parents[3])
    with subprocess.Popen(
        die_with_parent([sys.executable, "-m", "lab.workloads.launcher", "rank"]),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{root}:{tmp_path}"},
    ) as launcher:
        pid = tmp_path / "pid"
        wait_for(lambda: pid.exists() and bool(pid.read_text()), 20)
        os.kill(int(pid.read_text()) if to_child else launcher.pid, sent)
        assert launcher.wait(20) == status
