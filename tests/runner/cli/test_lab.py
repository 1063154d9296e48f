"""`chaos lab` where there is no lab: it says so, says what to do, and touches nothing."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from runner.cli.lab import lab


def run(*arguments: str, directory: Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(lab, list(arguments), env={"MLCHAOS_LAB_DIR": str(directory), "PATH": "/nonexistent"})
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize(
    "arguments",
    ["status", "status --json", "env", "logs", "logs apiserver", "stop gpu-b", "start gpu-b"],
)
def test_a_command_that_needs_a_lab_is_refused_with_what_to_do(arguments: str, tmp_path: Path) -> None:
    status, out, said = run(*arguments.split(), directory=tmp_path / "none")
    assert status == 2
    assert out == ""
    assert "chaos lab up" in said or "chaos lab status" in said
    assert not (tmp_path / "none").exists()


def test_down_without_a_lab_is_well(tmp_path: Path) -> None:
    status, _, said = run("down", directory=tmp_path / "none")
    assert status == 0
    assert "no lab runs" in said


def test_a_directory_too_deep_for_a_socket_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    status, _, said = run("up", directory=deep)
    assert status == 2
    assert "--dir" in said
    assert not deep.exists()


@pytest.mark.parametrize("octet", ["0", "255", "x"])
def test_a_network_that_is_none_is_refused(octet: str, tmp_path: Path) -> None:
    status, _, said = run("up", "--network", octet, directory=tmp_path / "none")
    assert status == 2
    assert "--network" in said


@pytest.mark.parametrize("command", ["up", "down", "status", "env", "logs", "start", "stop", "servers"])
def test_every_command_shows_an_example(command: str, tmp_path: Path) -> None:
    status, out, _ = run(command, "--help", directory=tmp_path)
    assert status == 0
    assert "Example: " in out


def test_missing_servers_are_named_with_the_command_that_brings_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lab.servers.brought_directory", lambda: tmp_path)
    status, out, _ = run("servers", directory=tmp_path)
    assert status == 1
    for name in ("prometheus", "alertmanager", "redis", "toxiproxy"):
        assert name in out
    assert out.count("chaos lab servers --bring") == 4


def test_the_commands_start_without_heavy_imports() -> None:
    heavy = (
        "{'kubernetes', 'aiohttp', 'pydantic', 'numpy', 'cryptography', 'rich', 'structlog', 'prometheus_api_client'}"
    )
    program = f"import sys, runner.cli.lab; print(sorted(sys.modules.keys() & {heavy}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
