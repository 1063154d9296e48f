import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from runner.cli.report import report
from runner.runs.record import RunRecord
from runner.store.store import StoreError, UnknownRunError
from tests.runner.report import records


class OneRun:
    """A store with one run in it."""

    warnings = ("what a run has spooled cannot be read",)

    def run(self, run_id: str) -> RunRecord:
        if run_id not in ("latest", records.RUN_ID):
            raise UnknownRunError(f"the store has no run {run_id!r}")
        return records.breached()


@pytest.fixture(autouse=True)
def _store(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def opened() -> Iterator[OneRun]:
        yield OneRun()

    monkeypatch.setattr("runner.store.opening.open_store", opened)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(report, list(arguments), prog_name="chaos report")


@pytest.mark.parametrize(
    ("form", "beginning"),
    [
        ("html", "<!DOCTYPE html>"),
        ("markdown", "## ❌ BREACHED"),
        ("junit", '<?xml version="1.0" encoding="UTF-8"?>'),
        ("json", "{"),
    ],
)
def test_each_form_goes_to_standard_output_and_ends_well_however_the_run_ended(form: str, beginning: str) -> None:
    done = run("latest", "--format", form)
    assert done.exit_code == 0
    assert done.stdout.startswith(beginning)
    assert done.stdout.endswith("\n")
    assert not done.stdout.endswith("\n\n")


def test_a_page_is_what_is_made_if_nothing_else_is_asked_for() -> None:
    assert run(records.RUN_ID).stdout.startswith("<!DOCTYPE html>")


def test_json_may_be_asked_for_as_everywhere() -> None:
    assert json.loads(run("latest", "--json").stdout)["verdict"] == "breached"
    both = run("latest", "--json", "--format", "junit")
    assert both.exit_code == 2
    assert "give one of both" in both.stderr


def test_a_file_is_written_as_a_whole_and_named_on_standard_error(tmp_path: Path) -> None:
    output = tmp_path / "report.html"
    done = run("latest", "--output", str(output))
    assert (done.exit_code, done.stdout) == (0, "")
    assert f"wrote {output}" in done.stderr
    assert output.read_text("utf-8").startswith("<!DOCTYPE html>")
    assert list(tmp_path.iterdir()) == [output]


@pytest.mark.parametrize(
    ("name", "beginning"), [("r.xml", "<?xml"), ("r.md", "## "), ("r.json", "{"), ("r.HTM", "<!DOC"), ("r", "<!DOC")]
)
def test_the_name_of_the_file_tells_the_form(tmp_path: Path, name: str, beginning: str) -> None:
    output = tmp_path / name
    assert run("latest", "--output", str(output)).exit_code == 0
    assert output.read_text("utf-8").startswith(beginning)


def test_a_name_that_contradicts_the_form_is_refused(tmp_path: Path) -> None:
    output = tmp_path / "run.xml"
    done = run("latest", "--format", "html", "--output", str(output))
    assert done.exit_code == 2
    assert "run.xml is by its name junit, and html is asked for: leave --format out" in done.stderr
    assert not output.exists()
    assert run("latest", "--format", "junit", "--output", str(output)).exit_code == 0


def test_a_file_that_cannot_be_written_is_told_with_a_remedy(tmp_path: Path) -> None:
    done = run("latest", "--output", str(tmp_path / "missing" / "report.html"))
    assert done.exit_code == 2
    assert "cannot be written: no such file or directory; name a file in a directory that is there" in done.stderr


def test_a_run_that_is_not_there_is_bad_input() -> None:
    done = run("20990101T000000Z-ffffff")
    assert done.exit_code == 2
    assert "the store has no run" in done.stderr
    for asked in (["--json"], ["--format", "json"]):
        told = json.loads(run("20990101T000000Z-ffffff", *asked).stdout)
        assert told["error"].startswith("the store has no run")


def test_a_store_that_cannot_be_asked_leaves_it_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise StoreError("the results store does not answer")

    monkeypatch.setattr("runner.store.opening.open_store", away)
    assert run("latest").exit_code == 4


def test_what_the_store_warns_of_is_said_beside_the_report() -> None:
    assert "warning: what a run has spooled cannot be read" in run("latest", "--format", "markdown").stderr


def test_a_page_is_not_poured_over_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.cli.report._on_a_terminal", lambda: True)
    done = run("latest")
    assert done.exit_code == 2
    assert "give --output report.html, or --format markdown to read it here" in done.stderr
    assert run("latest", "--format", "markdown").exit_code == 0
