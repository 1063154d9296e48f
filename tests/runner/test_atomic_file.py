"""A file is the old one or the new one, whatever happens to who writes it."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from lab.processes import die_with_parent
from runner.atomic_file import write_atomically

STOPPED_BEFORE_REPLACING = """
import sys
from pathlib import Path
from runner.atomic_file import write_atomically

def stop(draft, target):
    print(draft, flush=True)
    sys.stdin.read()

Path.replace = stop
write_atomically(Path(sys.argv[1]), sys.argv[2])
"""


@pytest.mark.crash
def test_a_writer_that_is_killed_leaves_the_old_file_whole_and_the_next_one_writes(tmp_path: Path) -> None:
    target = tmp_path / "rules.yml"
    target.write_text("old")
    command = die_with_parent([sys.executable, "-c", STOPPED_BEFORE_REPLACING, str(target), "new"])
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        draft = Path(writer.stdout.readline().strip())
        writer.kill()
    assert writer.returncode == -9
    assert draft.read_text() == "new"
    assert target.read_text() == "old"
    write_atomically(target, "newer")
    assert target.read_text() == "newer"
    assert sorted(tmp_path.iterdir()) == [draft, target]


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()], ids=["error", "Ctrl-C"])
def test_a_writer_that_fails_leaves_the_old_file_and_nothing_else(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "rules.yml"
    target.write_text("old")

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(type(error)):
        write_atomically(target, "new")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_draft_that_was_left_is_in_nobodys_way(tmp_path: Path) -> None:
    """In a container every writer may have the same process id."""
    target = tmp_path / "rules.yml"
    left = tmp_path / f".rules.yml.{os.getpid()}.draft"
    left.write_text("half")
    write_atomically(target, "new")
    assert target.read_text() == "new"
    assert left.read_text() == "half"


def test_permissions_stay_and_links_lead_to_what_is_written(tmp_path: Path) -> None:
    target, link = tmp_path / "rules.yml", tmp_path / "link.yml"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    write_atomically(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
