import os
import socket
from pathlib import Path

import pytest

from runner.slo.files import CATALOG, load
from tests.slos.files.documents import RATIO_SLO, SERVICE, text


def test_directories_are_read_at_any_depth_and_files_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "slo.yml").write_text(text(RATIO_SLO))
    (tmp_path / "deep" / "service.yaml").write_text(text(SERVICE))
    (tmp_path / "deep" / "notes.txt").write_text("{")
    loaded = load([tmp_path / "deep", tmp_path / "deep" / "er" / "slo.yml"])
    assert (loaded.ok, len(loaded.slos.slos), len(loaded.slos.services)) == (True, 1, 1)


def test_what_cannot_be_read_does_not_hide_the_rest(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "latin.yaml").write_bytes("a: 1\nb: ä".encode("latin-1"))
    (tmp_path / "slo.yaml").write_text(text(RATIO_SLO))
    loaded = load([tmp_path / name for name in ("slo.yaml", "empty", "latin.yaml", "gone.yaml")])
    assert [str(problem).removeprefix(f"{tmp_path}/") for problem in loaded.problems] == [
        "empty:1:1: error: no SLO file in this directory; name one with *.yaml or *.yml files in it",
        "gone.yaml:1:1: error: cannot be read: no such file or directory; check the path and its permissions",
        "latin.yaml:2:1: error: no UTF-8 text; save the file as UTF-8",
    ]
    assert (loaded.ok, len(loaded.slos.slos)) == (False, 1)


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    (tmp_path / "slo.yaml").write_bytes(
        b"\xef\xbb\xbfapiVersion: openslo/v1\r\nkind: Service\r\nmetadata:\r\n  name: chat\r\n"
    )
    assert [service.name for service in load([tmp_path]).slos.services] == ["chat"]


def test_hidden_files_and_directories_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".github").mkdir()
    for name in (".github/workflow.yaml", ".draft.yaml"):
        (tmp_path / name).write_text("on: push")
    (tmp_path / "slo.yaml").write_text(text(RATIO_SLO))
    assert load([tmp_path]).problems == ()


def test_a_file_that_is_reached_in_two_ways_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "slo.yaml").write_text(text(RATIO_SLO))
    (tmp_path / "link.yaml").symlink_to(tmp_path / "slo.yaml")
    assert len(load([tmp_path]).slos.slos) == 1


def test_links_that_lead_in_a_circle_are_a_problem(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").symlink_to(tmp_path / "b.yaml")
    (tmp_path / "b.yaml").symlink_to(tmp_path / "a.yaml")
    assert [problem.message for problem in load([tmp_path]).problems] == [
        "cannot be read: too many levels of symbolic links"
    ] * 2


def test_a_link_that_leads_nowhere_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "slo.yaml").symlink_to(tmp_path / "gone")
    assert not load([tmp_path]).ok


def test_the_catalogue_is_good() -> None:
    assert [str(problem) for problem in load([CATALOG]).problems] == []


def test_what_is_no_regular_file_is_a_problem_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.yaml")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket.yaml"))
        problems = load([tmp_path, Path("/dev/zero")]).problems
    assert [problem.message for problem in problems] == [
        "no regular file, but a pipe or a device",  # /dev/zero
        "no regular file, but a pipe or a device",
        "cannot be read: no such device or address",
    ]


def test_a_huge_file_is_a_problem_and_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "huge.yaml").open("wb") as file:
        file.truncate(1 << 40)
    (problem,) = load([tmp_path]).problems
    assert problem.message == "larger than 16 MiB"
    monkeypatch.setattr("runner.regular_file.MOST_BYTES", 10)
    (tmp_path / "huge.yaml").write_bytes(b"a: 1\nb: 22")
    assert "larger than" not in load([tmp_path]).problems[0].message
