"""A lab seen from outside: what its directory says when nobody is there to ask."""

import fcntl
import subprocess
from pathlib import Path

import pytest

from clients.node_killer import CommandKiller, node_killer
from lab.directory import LabDirectory
from lab.environment import addresses, node_commands
from lab.errors import LabError
from lab.launch import WORKLOAD_PORTS, down, is_running, status, up
from lab.network import LabNetwork
from lab.servers import SERVERS
from lab.stack import manifests
from lab.state import Component, LabState, Phase, write_state


def state(phase: Phase) -> LabState:
    return LabState(
        lab_id="lab-1",
        phase=phase,
        supervisor_pid=1,
        octet=9,
        started_at=1.0,
        components=(
            Component(name="apiserver", kind="control-plane", pid=2, running=True),
            Component(name="prometheus", kind="server", pid=3, running=True),
        ),
        pages_url="http://127.9.8.1:8080",
    )


@pytest.mark.parametrize("phase", ["starting", "ready", "stopping"])
def test_a_lab_whose_supervisor_vanished_has_crashed_whatever_it_last_said(phase: Phase, tmp_path: Path) -> None:
    write_state(tmp_path / "lab.json", state(phase))
    seen = status(LabDirectory(tmp_path))
    assert seen is not None
    assert seen.phase == "crashed"
    assert not any(component.running for component in seen.components)


def test_a_lab_whose_lock_is_held_is_what_it_says(tmp_path: Path) -> None:
    directory = LabDirectory(tmp_path)
    write_state(directory.state, state("ready"))
    with directory.lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert is_running(directory)
        assert status(directory) == state("ready")
        variables = addresses(directory)
    assert variables == {
        "MLCHAOS_LAB_DIR": str(tmp_path),
        "KUBECONFIG": str(tmp_path / "kubeconfig"),
        "PROMETHEUS_URL": "http://127.9.0.1:9090",
        "MLCHAOS_PAGES_URL": "http://127.9.8.1:8080",
        **node_commands(directory),
        "ADMIT_BUDGET_LEFT": "0%",
        "ADMIT_QUIET_ALERTS": "false",
    }
    assert not is_running(directory)


def test_the_labs_node_commands_are_what_a_node_killer_takes(tmp_path: Path) -> None:
    root = tmp_path / "a lab"
    killer = node_killer(node_commands(LabDirectory(root)))
    assert isinstance(killer, CommandKiller)
    assert killer.stop_words[-5:] == ("lab", "stop", "--dir", str(root), "{node}")
    assert killer.start_words[-4:-2] == ("start", "--dir")


def test_the_addresses_of_a_lab_that_does_not_run_are_refused(tmp_path: Path) -> None:
    write_state(tmp_path / "lab.json", state("ready"))
    with pytest.raises(LabError, match="chaos lab up"):
        addresses(LabDirectory(tmp_path))


def test_the_same_directory_has_the_same_mark_however_it_is_reached(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert LabDirectory(tmp_path / "link").lab_id == LabDirectory(tmp_path / "real").lab_id
    assert LabDirectory(tmp_path / "other").lab_id != LabDirectory(tmp_path / "real").lab_id


def refused(root: Path) -> str:
    with pytest.raises(LabError) as error:
        up(LabDirectory(root), LabNetwork(9), bare=True, say=lambda _: None)
    return str(error.value)


def test_a_directory_that_holds_other_things_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert "notes.txt" in refused(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["notes.txt"]


def test_a_file_in_the_place_of_the_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    assert "--dir" in refused(tmp_path / "file")


def test_only_what_a_lab_makes_is_ever_cleared_away(tmp_path: Path) -> None:
    for name in ("lock", "lab.json", "token", "notes.txt"):
        (tmp_path / name).touch()
    for name in ("logs", "servers", "mine"):
        (tmp_path / name).mkdir()
    assert {entry.name for entry in LabDirectory(tmp_path).own_entries()} == {"lab.json", "token", "logs", "servers"}


def test_a_missing_program_is_named_with_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "setpriv" in refused(tmp_path / "lab")
    assert "util-linux" in refused(tmp_path / "lab")
    assert not (tmp_path / "lab").exists()


def test_every_port_of_the_workloads_is_looked_at_before_a_lab_starts() -> None:
    ports = set()
    for document in manifests([server.name for server in SERVERS]):
        if document["kind"] == "Service":
            ports |= {port["port"] for port in document["spec"]["ports"]}
        template = document.get("spec", {}).get("template", {}).get("spec", {})
        for container in template.get("containers", []):
            ports |= {port["containerPort"] for port in container.get("ports", [])}
    assert ports == set(WORKLOAD_PORTS)


def test_down_never_ends_a_process_that_is_no_supervisor_of_this_lab(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lab.launch.DOWN_SECONDS", 0.2)
    stranger = subprocess.Popen(["sleep", "600"])
    try:
        with (tmp_path / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            lock.write(str(stranger.pid))
            lock.flush()
            with pytest.raises(LabError, match="no lab"):
                down(LabDirectory(tmp_path))
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
