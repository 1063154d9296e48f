from pathlib import Path

import pytest

from runner.cli.slo.loading import load_or_exit, print_problems
from runner.exit_codes import Exit
from slos.problems import Place, Problem
from tests.slos.files.documents import RATIO_SLO, changed, text


def test_good_files_are_read_without_a_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "slo.yaml").write_text(text(RATIO_SLO))
    assert [slo.name for slo in load_or_exit([tmp_path]).slos] == ["llm-availability"]
    assert capsys.readouterr() == ("", "")


def test_without_files_the_catalogue_is_read() -> None:
    assert load_or_exit([]).slos


def test_bad_files_end_the_command_with_every_problem_on_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "slo.yaml").write_text(text(changed(RATIO_SLO, {"spec.colour": "red", "metadata.colour": "red"})))
    with pytest.raises(SystemExit) as stopped:
        load_or_exit([tmp_path])
    out, err = capsys.readouterr()
    assert (stopped.value.code, out, err.count("unknown key 'colour'")) == (Exit.REFUSED, "", 2)


def test_a_warning_is_said_and_lets_the_file_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "slo.yaml").write_text(text(changed(RATIO_SLO, {"spec.alertPolicies": ["x"]})))
    assert load_or_exit([tmp_path]).slos
    assert "warning: spec.alertPolicies" in capsys.readouterr().err


def test_of_very_many_problems_the_errors_are_said_first_and_the_rest_is_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    warnings = [Problem(Place("a.yaml", line), "odd", "mend it", level="warning") for line in range(200)]
    error = Problem(Place("z.yaml"), "wrong", "mend it")
    assert print_problems([*warnings, error], 100) == 100
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "z.yaml:1:1: error: wrong; mend it"
    assert said[100:] == ["and 101 more problems: chaos slo validate --json tells all"]


def test_up_to_a_hundred_problems_are_said_in_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    problems = [Problem(Place("a.yaml", line), "odd\x1b[2J", "mend it", level="warning") for line in range(100)]
    assert print_problems(problems) == 100
    said = capsys.readouterr().err.splitlines()
    assert [line.split(":")[1] for line in said] == [str(line) for line in range(100)]
    assert all(line.isprintable() for line in said)
