"""What CI is given of a set: JUnit XML, Markdown and JSON."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

from runner.smoke.order import SetResult
from runner.smoke.telling import document_of, headline, junit_of, markdown_of, order_document
from tests.runner.smoke.sets import member, ours, play, suite

SUITE = suite(member("one"), member("two"), member("three"))


def done(directory: Path) -> SetResult:
    script = {"one": [ours(llm_availability=0.0123)], "two": [ours("error", stuck=True)]}
    return play(directory, SUITE, script).done


def test_ci_sees_one_test_for_each_experiment_and_a_stuck_fault_as_an_error(tmp_path: Path) -> None:
    root = ET.fromstring(junit_of(done(tmp_path)).encode())  # noqa: S314 (our own text)
    cases = root.findall(".//testcase")
    assert [case.get("name") for case in cases] == ["one: One", "two: Two", "three: Three"]
    assert {case.get("classname") for case in cases} == {"smoke.serving"}
    error = cases[1].find("error")
    assert error is not None
    assert error.get("type") == "stuck"
    assert str(error.get("message")).startswith(
        "pods.kill on pod ml-serving/llm-0 (record r-1): no answer; it is error"
    )
    skipped = cases[2].find("skipped")
    assert skipped is not None
    assert "is stuck" in str(skipped.get("message"))
    assert (root.get("tests"), root.get("errors"), root.get("skipped"), root.get("failures")) == ("3", "1", "1", "0")


def test_a_stuck_fault_is_an_error_even_if_the_run_was_judged_held(tmp_path: Path) -> None:
    stage = play(tmp_path, suite(member("one")), {"one": [ours("held", stuck=True)]})
    root = ET.fromstring(junit_of(stage.done).encode())  # noqa: S314 (our own text)
    assert root.get("errors") == "1"


def test_markdown_has_the_verdict_first_and_a_reason_for_each_that_did_not_hold(tmp_path: Path) -> None:
    lines = markdown_of(done(tmp_path)).splitlines()
    assert lines[0] == "## STUCK: 1 of 3 experiments held in 20 s"
    assert "| ✅ | One (`serving/one`) | **held** | 10 s | 0.2 s | llm-availability 1.23% |" in lines
    assert lines[-2].startswith("- **serving/two**: it is error")
    assert lines[-1].startswith("- **serving/three**: a fault of serving/two is stuck")


def test_a_reason_cannot_break_the_table_or_bring_markup(tmp_path: Path) -> None:
    entry = {**ours("breached"), "reason": "a | b\n<script>`x`*y*"}
    text = markdown_of(play(tmp_path, suite(member("one")), {"one": [entry]}).done)
    assert "- **serving/one**: a \\| b &lt;script&gt;\\`x\\`\\*y\\*" in text


def test_json_says_all_of_it(tmp_path: Path) -> None:
    document = json.loads(json.dumps(document_of(done(tmp_path))))
    assert (document["verdict"], document["exit_status"]) == ("stuck", 5)
    assert document["stopped"].startswith("a fault of serving/two is stuck")
    assert document["error_budget"]["spent"] == {"llm-availability": 0.0323}
    assert [run["verdict"] for run in document["runs"]] == ["held", "error", "not run"]
    assert document["runs"][0]["run_id"] == "20261122T163800Z-ab12cd"
    assert document["runs"][2]["run_id"] is None


def test_one_experiment_is_not_several(tmp_path: Path) -> None:
    stage = play(tmp_path, suite(member("one")), {"one": [ours()]})
    assert headline(stage.done) == "HELD: 1 of 1 experiment held in 10 s"


def test_what_would_be_run_is_there_for_machines() -> None:
    document = order_document(SUITE, "a lab")
    assert (document["max_spend"], document["within_seconds"]) == (0.1, 180.0)
    assert [run["experiment"] for run in document["runs"]] == ["serving/one", "serving/two", "serving/three"]
