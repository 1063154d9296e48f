from pathlib import Path

import pytest

from runner.experiment.check import check_document, check_file
from slos.files.yaml_document import documents
from tests.runner.experiment.malformed import GOOD, Malformed, malformed


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("MLCHAOS_TEST_NAMESPACE", "MLCHAOS_TEST_COUNT"):
        monkeypatch.delenv(name, raising=False)


def said_of(text: str) -> list[str]:
    Path("e.yaml").write_text(text, encoding="utf-8")
    return [str(problem).removeprefix("e.yaml:") for problem in check_file("e.yaml").problems]


def test_a_good_experiment_has_no_problem() -> None:
    assert said_of(GOOD) == []


@pytest.mark.parametrize("case", malformed(), ids=lambda case: case.mistake)
def test_a_mistake_is_told_with_its_place_and_a_remedy_and_nothing_else_is(case: Malformed) -> None:
    assert said_of(case.text) == case.said


def test_there_are_at_least_40_mistakes_each_told_in_words_of_its_own() -> None:
    assert len({line for case in malformed() for line in case.said}) >= 40


@pytest.mark.parametrize("value", [None, 7, 2.5, True, "x", [], {}, ["x"], {"x": 1}], ids=repr)
def test_any_value_anywhere_is_a_problem_or_none_and_never_an_exception(value: object) -> None:
    (document,), _ = documents("e.yaml", GOOD)
    for key in document.value:
        check_document({**document.value, key: value}, {"namespace": "ml-serving", "count": 1})


def test_a_loaded_experiment_is_checked_by_paths_without_lines() -> None:
    (document,), _ = documents("e.yaml", GOOD)
    broken = {**document.value, "runtime": {"rollbacks": {"strategy": "never"}}, "dry": "actions"}
    (problem,) = check_document(broken, {"namespace": "ml-serving", "count": 1})
    assert problem.place.path == "runtime.rollbacks.strategy"
    assert problem.remedy == "write always"


def test_a_configuration_of_the_run_counts_and_not_the_files_own() -> None:
    (document,), _ = documents("e.yaml", GOOD)
    (problem,) = check_document(document.value, {"namespace": "ML", "count": 1})
    assert problem.place.path == "extensions[0].blast_radius.namespaces[0]"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nowhere.yaml", "nowhere.yaml:1:1: error: cannot be read: no such file or directory; check the path and its"),
        (".", ".:1:1: error: a name that Chaos Toolkit does not read; end it with .yaml, .yml, .json"),
        ("e.txt", "e.txt:1:1: error: a name that Chaos Toolkit does not read; end it with .yaml, .yml, .json"),
        ("https://x.example/e.yaml", "https://x.example/e.yaml:1:1: error: an address, and only files are planned;"),
        ("folder.yaml", "folder.yaml:1:1: error: cannot be read: is a directory; check the path and its permissions"),
    ],
)
def test_what_is_no_readable_file_is_told_as_such(name: str, said: str) -> None:
    Path("folder.yaml").mkdir()
    (problem,) = check_file(name).problems
    assert str(problem).startswith(said)


def test_an_experiment_in_json_is_read_with_its_places() -> None:
    Path("e.json").write_text('{"title": 7}', encoding="utf-8")
    assert str(check_file("e.json").problems[-1]).startswith("e.json:1:11: error: title: the number 7 where a text")


def test_variables_of_the_command_line_count_instead_of_the_files() -> None:
    Path("e.yaml").write_text(GOOD, encoding="utf-8")
    assert check_file("e.yaml", {"count": 3}).configuration == {"namespace": "ml-serving", "count": 3}
