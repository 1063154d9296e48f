"""Whatever is killed, nothing of a lab is left, and the next one starts clean."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from lab.launch import is_running
from lab.network import LabNetwork
from tests.lab.labs import CHAOS, Lab, a_lab
from tests.octets import listeners
from tests.waiting import wait_for

pytestmark = [pytest.mark.lab, pytest.mark.crash]

SOAK = "MLCHAOS_SOAK_CYCLES" in os.environ
CYCLES = int(os.environ.get("MLCHAOS_SOAK_CYCLES", "2"))
"""`make soak` runs 20 of the whole lab, an ordinary test run two of the bare one."""


def wait_until_nothing_runs(lab: Lab) -> None:
    wait_for(lambda: not is_running(lab.directory) and not lab.processes(), 20)


DAEMONS = "setsid sleep 9000 & setsid setsid sleep 9000 & exec sleep 9000"
"""A container that forks what does not want to be found."""


def run_daemons(lab: Lab) -> None:
    """Pods on the nodes of a bare lab, each with processes in sessions of their own."""
    labels = {"app": "daemons"}
    container = {"name": "main", "image": "none", "command": ["sh", "-c", DAEMONS]}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": 4, "selector": {"matchLabels": labels}, "template": template}
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "daemons"}, "spec": spec}
    lab.create("/apis/apps/v1/namespaces/default/deployments", body)
    wait_for(lambda: len(sleepers(lab)) >= 12, 20)


def sleepers(lab: Lab) -> list[int]:
    """The processes of those pods that run `sleep 9000`."""
    found = []
    for pid in lab.processes():
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/cmdline").read_bytes() == b"sleep\x009000\x00":
                found.append(pid)
    return found


@pytest.mark.parametrize("victim", ["supervisor", "apiserver", "controllers", "proxy", "warden"])
def test_a_lab_whose_control_plane_is_killed_leaves_nothing_and_starts_again(bare_lab: Lab, victim: str) -> None:
    run_daemons(bare_lab)
    os.kill(pid_of(bare_lab, victim), signal.SIGKILL)
    wait_until_nothing_runs(bare_lab)
    status = bare_lab.command("status")
    assert status.returncode == 1
    assert "crashed" in status.stdout
    if victim in ("supervisor", "apiserver"):  # the two that leave the most behind
        bare_lab.up("--bare")
        assert bare_lab.state().phase == "ready"


def pid_of(lab: Lab, name: str) -> int:
    if name != "warden":
        return lab.component_pid(name)
    return next(pid for pid in lab.processes() if b"lab.warden" in Path(f"/proc/{pid}/cmdline").read_bytes())


def test_a_killed_kubelet_takes_its_pods_along_and_the_lab_goes_on(bare_lab: Lab) -> None:
    run_daemons(bare_lab)
    before = set(sleepers(bare_lab))
    os.kill(bare_lab.component_pid("cpu-a"), signal.SIGKILL)
    wait_for(lambda: len(before & set(sleepers(bare_lab))) <= 6)
    wait_for(lambda: len(sleepers(bare_lab)) == 12, 30)
    state = bare_lab.state()
    assert state.phase == "ready"
    assert [(component.name, component.detail[:17]) for component in state.components if not component.running] == [
        ("cpu-a", "killed by SIGKILL")
    ]


def test_a_killed_start_leaves_a_lab_that_can_be_ended() -> None:
    with a_lab() as lab:
        command = [str(CHAOS), "--no-version-check", "--no-log-file", "lab", "up", "--bare"]
        command += ["--dir", str(lab.directory.root), "--network", str(lab.octet)]
        starting = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        wait_for(lambda: len(lab.processes()) > 2)
        starting.kill()
        starting.wait()
        assert lab.command("down").returncode == 0
        assert not lab.processes()
        assert not is_running(lab.directory)


def test_everything_killed_at_once_leaves_nothing(bare_lab: Lab) -> None:
    run_daemons(bare_lab)
    for pid in [bare_lab.component_pid("supervisor"), *bare_lab.processes()]:
        with contextlib.suppress(ProcessLookupError):  # its parent was killed a moment before it
            os.kill(pid, signal.SIGKILL)
    wait_until_nothing_runs(bare_lab)
    bare_lab.up("--bare")


@pytest.mark.parametrize("interruption", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_start_leaves_nothing(interruption: signal.Signals) -> None:
    with a_lab() as lab:
        command = [str(CHAOS), "--no-version-check", "--no-log-file", "lab", "up"]
        command += ["--dir", str(lab.directory.root), "--network", str(lab.octet)]
        starting = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        wait_for(lambda: len(lab.processes()) > 4)
        starting.send_signal(interruption)
        _, said = starting.communicate(timeout=30)
        assert starting.returncode == 130
        assert "the lab is down again" in said
        assert not lab.processes()
        assert not is_running(lab.directory)


def test_a_second_lab_in_the_same_directory_is_refused_and_the_first_is_left_alone(bare_lab: Lab) -> None:
    second = bare_lab.command("up", "--network", str(bare_lab.octet))
    assert second.returncode == 2
    assert "a lab runs already" in second.stderr
    assert "--network" in second.stderr
    assert bare_lab.state().phase == "ready"


def test_a_second_lab_on_the_same_addresses_is_refused_with_the_holder(bare_lab: Lab, tmp_path: Path) -> None:
    other = Lab(type(bare_lab.directory)(tmp_path), bare_lab.octet)
    refused = other.command("up", "--network", str(bare_lab.octet), "--bare")
    assert refused.returncode == 2
    assert f"{LabNetwork(bare_lab.octet).infra_ip}:6443" in refused.stderr
    assert "in use by" in refused.stderr
    assert not other.processes()


@pytest.mark.parametrize(
    ("host", "port", "whose"),
    [("127.{}.0.1", 9090, "prometheus"), ("127.{}.1.2", 10250, "node cpu-b"), ("127.{}.0.1", 28000, "path llm")],
)
def test_a_port_in_use_is_named_before_anything_starts(host: str, port: int, whose: str) -> None:
    with a_lab() as lab, socket.create_server((host.format(lab.octet), port)):
        refused = lab.command("up", "--network", str(lab.octet))
        assert refused.returncode == 2
        assert f":{port}, which" in refused.stderr
        assert f"{whose} needs, is in use by" in refused.stderr
        assert f"(pid {os.getpid()})" in refused.stderr
        assert not lab.processes()


def test_a_lab_that_cannot_write_any_more_ends_all_the_same() -> None:
    with a_lab() as lab:
        lab.up("--bare")
        supervisor = lab.component_pid("supervisor")
        shutil.rmtree(lab.directory.root)
        os.kill(supervisor, signal.SIGTERM)
        wait_for(lambda: not lab.processes() and not Path(f"/proc/{supervisor}/cmdline").exists(), 20)
        lab.directory.root.mkdir()


def test_down_twice_is_quiet_and_well() -> None:
    with a_lab() as lab:
        lab.up("--bare")
        assert lab.command("down").returncode == 0
        again = lab.command("down")
        assert again.returncode == 0
        assert "no lab runs" in again.stderr


def test_cycles_leave_no_process_no_port_and_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = {name: tmp_path / name for name in ("TMPDIR", "HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")}
    with a_lab() as lab:
        for name, place in elsewhere.items():
            place.mkdir()
            monkeypatch.setenv(name, str(place))
        for _ in range(CYCLES):
            lab.up(*([] if SOAK else ["--bare"]))
            assert lab.command("down").returncode == 0
            assert not lab.processes()
            assert not listeners(lab.octet)
    assert {name: list(place.iterdir()) for name, place in elsewhere.items()} == {name: [] for name in elsewhere}


def test_the_helper_that_looks_for_ports_sees_one() -> None:
    with a_lab() as lab, socket.create_server((LabNetwork(lab.octet).infra_ip, 0)):
        assert listeners(lab.octet)
