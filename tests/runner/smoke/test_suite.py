"""Sets of experiments as files: all of what is wrong is said, and before anything runs."""

import os
from pathlib import Path

import pytest

from runner.smoke.suite import ReadSuite, SuiteOptionError, read_suite, with_options

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "experiments" / "smoke"
LLM_POD_KILL = ROOT / "experiments" / "serving" / "llm-pod-kill.yaml"


def read(directory: Path, text: str) -> ReadSuite:
    (directory / "suite.yaml").write_text(text)
    return read_suite(directory)


def told(suite: ReadSuite) -> str:
    assert suite.suite is None
    return "\n".join(str(problem) for problem in suite.problems)


def test_the_shipped_set_checks_out() -> None:
    shipped = read_suite(SHIPPED)
    assert shipped.problems == ()
    assert shipped.suite is not None
    assert [member.name for member in shipped.suite.members] == [
        "serving/llm-pod-kill",
        "serving/llm-path-latency",
        "serving/gateway-cert-expired",
        "training/trainer-rank-kill",
    ]
    first = shipped.suite.members[0]
    assert (first.slos, first.max_spend) == (("llm-availability", "llm-ttft"), 0.02)
    assert (shipped.suite.max_spend, shipped.suite.within) == (0.2, 300)


def test_the_shipped_set_breaks_something_of_serving_and_of_training() -> None:
    shipped = read_suite(SHIPPED).suite
    assert shipped is not None
    assert {member.path.parent.name for member in shipped.members} >= {"serving", "training"}
    assert len({slo for member in shipped.members for slo in member.slos}) > 3


def test_its_file_may_be_named_as_well() -> None:
    assert read_suite(SHIPPED / "suite.yaml") == read_suite(SHIPPED)


def test_a_directory_without_a_set_is_all_of_its_experiments_by_name(tmp_path: Path) -> None:
    for name in ("20-second", "10-first"):
        (tmp_path / f"{name}.yaml").write_text(LLM_POD_KILL.read_text())
    (tmp_path / "README.md").write_text("not an experiment")
    found = read_suite(tmp_path).suite
    assert found is not None
    assert [member.path.name for member in found.members] == ["10-first.yaml", "20-second.yaml"]
    assert (found.max_spend, found.within) == (0.1, 900)


def test_an_empty_directory_is_told_what_to_hold(tmp_path: Path) -> None:
    assert "no experiment in it; put some there, or a suite.yaml" in told(read_suite(tmp_path))


def test_everything_that_is_wrong_with_the_set_is_said_with_its_place(tmp_path: Path) -> None:
    said = told(read(tmp_path, "titel: x\nmax_spend: 20\nwithin: 3\nexperiments:\n  - fiel: a.yaml\n"))
    for part in (
        "suite.yaml:1:1: error: titel: unknown key 'titel'; write title",
        "suite.yaml:2:12: error: max_spend: 20 without a percent sign; write 20%",
        "suite.yaml:3:9: error: within: 3 without a unit; write 3s",
        "unknown key 'fiel'; write file",
    ):
        assert part in said


def test_a_file_that_is_not_there_is_named_with_its_place(tmp_path: Path) -> None:
    said = told(read(tmp_path, "title: x\nexperiments: [{file: gone.yaml}]\n"))
    assert f"suite.yaml:2:22: error: experiments[0].file: there is no file {tmp_path}/gone.yaml" in said


def test_a_set_with_an_experiment_that_does_not_check_out_is_none(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(LLM_POD_KILL.read_text())
    (tmp_path / "bad.yaml").write_text(LLM_POD_KILL.read_text().replace("rollbacks: {strategy: always}", "rolls: 1"))
    said = told(read(tmp_path, "title: x\nexperiments: [{file: good.yaml}, {file: bad.yaml}]\n"))
    assert "bad.yaml:" in said
    assert "good.yaml:" not in said


def test_two_sets_in_a_file_are_one_too_many(tmp_path: Path) -> None:
    assert "write one set per file" in told(read(tmp_path, "title: x\n---\ntitle: y\n"))


def test_a_limit_that_a_variable_sets_is_read_with_the_sets_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = LLM_POD_KILL.read_text().replace("max_spend: 2%", 'max_spend: "${most}"')
    text = text.replace("configuration:\n", "configuration:\n  most: {type: env, key: MOST_SPENT, default: 1%}\n")
    (tmp_path / "a.yaml").write_text(text)
    declared = "title: x\nexperiments: [{file: a.yaml, defaults: {MOST_SPENT: 7%}}]\n"
    suite = read(tmp_path, declared).suite
    assert suite is not None
    assert suite.members[0].max_spend == pytest.approx(0.07)
    assert "MOST_SPENT" not in os.environ
    monkeypatch.setenv("MOST_SPENT", "3%")
    suite = read(tmp_path, declared).suite
    assert suite is not None
    assert suite.members[0].max_spend == pytest.approx(0.03)


def test_options_take_the_place_of_what_the_set_declares() -> None:
    shipped = read_suite(SHIPPED).suite
    assert shipped is not None
    changed = with_options(shipped, "5%", "90s")
    assert (changed.max_spend, changed.within) == (0.05, 90)
    assert with_options(shipped, None, None) == shipped


@pytest.mark.parametrize(
    ("spend", "within", "said"), [("5", None, "--max-spend: 5 without a percent"), (None, "x", "--within: 'x' is no")]
)
def test_an_option_that_is_none_is_refused(spend: str | None, within: str | None, said: str) -> None:
    shipped = read_suite(SHIPPED).suite
    assert shipped is not None
    with pytest.raises(SuiteOptionError, match=said):
        with_options(shipped, spend, within)
