from pathlib import Path

import pytest

from clients.promtool import PromtoolError, run_rule_tests, version

A, B = Path("/tests/a.test.yml"), Path("/tests/b.test.yml")


def script(directory: Path, text: str) -> Path:
    path = directory / "promtool"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_each_file_gets_its_own_result(tmp_path: Path) -> None:
    promtool = script(
        tmp_path,
        f"""echo 'Unit Testing:  {A}'; echo '  SUCCESS'; echo
        echo 'Unit Testing:  {B}'; echo '  FAILED:' >&2; echo '    expr: "x", time: 5m,' >&2; echo; exit 1""",
    )
    first, second = run_rule_tests(promtool, (A, B), 10)
    assert (first.file, first.passed, first.output) == (A, True, "")
    assert (second.file, second.passed) == (B, False)
    assert 'expr: "x"' in second.output


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"echo 'Unit Testing:  {A}'; echo '  SUCCESS'", "said nothing of /tests/b.test.yml"),
        ("echo 'unknown command'; exit 2", "unknown command"),
        (
            f"echo 'Unit Testing:  {A}'; echo ' SUCCESS'; echo 'Unit Testing:  {B}'; echo ' SUCCESS'; exit 1",
            "contradicts",
        ),
        ("kill -9 $$", "status -9"),
        ("exec sleep 60", "within 0.3 s"),
    ],
)
def test_an_answer_that_is_none_is_an_error_and_no_success(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(PromtoolError, match=reason):
        run_rule_tests(script(tmp_path, text), (A, B), 0.3)


def test_what_cannot_be_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(PromtoolError, match="missing cannot be run"):
        version(tmp_path / "missing")


def test_a_program_of_that_name_is_asked_what_it_is(tmp_path: Path) -> None:
    assert version(script(tmp_path, "echo 'promtool, version 2.42.0+ds (branch: x)'")) == "2.42.0+ds"
    with pytest.raises(PromtoolError, match="is no promtool"):
        version(script(tmp_path, "echo hello"))
