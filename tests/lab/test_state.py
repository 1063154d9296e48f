from pathlib import Path

import pytest

from lab.errors import LabError
from lab.state import Component, LabState, MissingServer, read_state, write_state


def a_state() -> LabState:
    return LabState(
        lab_id="lab-1",
        phase="ready",
        supervisor_pid=12,
        octet=77,
        started_at=1.5,
        ready_after=9.25,
        components=(Component(name="gpu-a", kind="node", pid=13, running=True),),
        missing=(MissingServer(name="redis", needed_for="features", remedy="chaos lab servers --bring"),),
    )


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    write_state(tmp_path / "lab.json", a_state())
    assert read_state(tmp_path / "lab.json") == a_state()


def test_a_second_write_replaces_the_first_and_leaves_no_draft(tmp_path: Path) -> None:
    write_state(tmp_path / "lab.json", a_state())
    write_state(tmp_path / "lab.json", a_state().model_copy(update={"phase": "stopping"}))
    state = read_state(tmp_path / "lab.json")
    assert state is not None
    assert state.phase == "stopping"
    assert [entry.name for entry in tmp_path.iterdir()] == ["lab.json"]


def test_no_file_is_no_lab(tmp_path: Path) -> None:
    assert read_state(tmp_path / "lab.json") is None


def test_a_damaged_file_is_an_error_and_not_a_lab(tmp_path: Path) -> None:
    (tmp_path / "lab.json").write_text('{"phase": "wonderful"}')
    with pytest.raises(LabError, match="chaos lab down"):
        read_state(tmp_path / "lab.json")
