"""Bringing the real servers: what cannot be brought is said with what a person can do, and stops nothing else."""

import os
import subprocess
from pathlib import Path

import pytest

from lab import bring, servers


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any server, whose tools are those that a test puts into `bin`."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    brought = tmp_path / "brought"
    monkeypatch.setattr(servers, "brought_directory", lambda: brought)
    monkeypatch.setattr(bring, "brought_directory", lambda: brought)
    return tmp_path


def tool(place: Path, name: str, script: str) -> None:
    path = place / "bin" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_without_any_tool_every_server_is_named_with_what_to_do(place: Path) -> None:
    outcomes = bring.bring_missing(lambda _: None)
    assert [outcome.server.name for outcome in outcomes] == ["prometheus", "alertmanager", "redis", "toxiproxy"]
    assert all(outcome.path is None for outcome in outcomes)
    assert all("PATH" in outcome.problem for outcome in outcomes)


def test_a_tool_that_fails_is_quoted_and_the_others_are_tried_all_the_same(place: Path) -> None:
    tool(place, "apt-get", "echo 'E: no such host' >&2; exit 100")
    tool(place, "dpkg-deb", "exit 0")
    tool(place, "go", 'printf "#!/bin/sh\\n" > "$GOBIN/server"; /bin/chmod +x "$GOBIN/server"')
    (place / "brought" / "build").mkdir(parents=True)
    outcomes = {outcome.server.name: outcome for outcome in bring.bring_missing(lambda _: None)}
    assert "status 100: E: no such host" in outcomes["prometheus"].problem
    assert outcomes["toxiproxy"].path == str(place / "brought" / "bin" / "toxiproxy-server")


def test_what_is_on_path_is_taken_and_nothing_is_brought(place: Path) -> None:
    for name in [*(server.binaries[0] for server in servers.SERVERS), *bring.COMPANIONS]:
        tool(place, name, "exit 0")
    said: list[str] = []
    outcomes = bring.bring_missing(said.append)
    assert said == []
    assert {outcome.path for outcome in outcomes} == {
        str(place / "bin" / server.binaries[0]) for server in servers.SERVERS
    }


def mount_namespaces() -> bool:
    as_user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return subprocess.run(["unshare", "--mount", *as_user, "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(
    not mount_namespaces(),
    reason="the kernel allows this user no mount namespace; run as root, or allow user namespaces",
)
def test_a_wrapped_program_sees_its_own_data_and_gets_its_arguments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bring, "brought_directory", lambda: tmp_path)
    root = tmp_path / "root"
    (root / "usr" / "share").mkdir(parents=True)
    (root / "usr" / "bin").mkdir()
    (root / "usr" / "share" / "ours").write_text("ours")
    program = root / "usr" / "bin" / "show"
    program.write_text('#!/bin/sh\ncat /usr/share/ours\nprintf " [%s]" "$@"\n')
    program.chmod(0o755)
    bring._wrap(program, root)
    run = subprocess.run(
        [str(tmp_path / "bin" / "show"), "one", "two words"], capture_output=True, text=True, check=False
    )
    assert run.stdout == "ours [one] [two words]"
    assert not Path("/usr/share/ours").exists()
