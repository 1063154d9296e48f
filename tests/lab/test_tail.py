from pathlib import Path

from lab.directory import LabDirectory
from lab.tail import components, tail


def test_the_last_lines_are_given(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("".join(f"line {number}\n" for number in range(50)))
    assert list(tail(tmp_path / "log", 2, follow=False)) == ["line 48\n", "line 49\n"]
    assert list(tail(tmp_path / "log", 0, follow=False)) == []


def test_what_is_written_later_follows(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("old\n")
    lines = tail(log, 10, follow=True)
    assert next(lines) == "old\n"
    with log.open("a") as more:
        more.write("new\n")
    assert next(lines) == "new\n"


def test_the_components_are_those_with_a_log(tmp_path: Path) -> None:
    directory = LabDirectory(tmp_path)
    assert components(directory) == []
    directory.logs.mkdir()
    for name in ("proxy", "apiserver"):
        directory.log(name).touch()
    assert components(directory) == ["apiserver", "proxy"]
