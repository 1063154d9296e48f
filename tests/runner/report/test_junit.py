"""JUnit XML of runs: what CI counts, and that whatever a run printed can be written."""

from xml.etree import ElementTree as ET

import pytest

from runner.report.junit import Case, junit_xml, result_of

HELD = Case("llm-pod-kill", "serving", 18.8, "passed", properties={"run_id": "r1"}, output="HELD")
BREACHED = Case("gpu-node-loss", "serving", 40.0, "failed", "breached", "the SLOs did not recover", "why & <how>")
DIED = Case("llm-path-reset", "serving", 3.25, "error", "died", "no journal")
NOT_RUN = Case("gateway-cert-expired", "serving", 0.0, "skipped", message="a fault is stuck")


def suite(*cases: Case) -> ET.Element:
    return ET.fromstring(junit_xml("experiments/smoke", cases, 1_795_000_000.0).encode())  # noqa: S314 (our own text)


def test_it_counts_failures_errors_and_what_was_not_run() -> None:
    root = suite(HELD, BREACHED, DIED, NOT_RUN)
    one = root.find("testsuite")
    assert one is not None
    for element in (root, one):
        counted = {key: element.get(key) for key in ("tests", "failures", "errors", "skipped", "time")}
        assert counted == {"tests": "4", "failures": "1", "errors": "1", "skipped": "1", "time": "62.050"}
    assert one.get("timestamp") == "2026-11-18T11:06:40Z"


def test_a_run_that_held_has_no_child_that_ci_would_count() -> None:
    case = suite(HELD).find(".//testcase")
    assert case is not None
    assert (case.get("name"), case.get("classname"), case.get("time")) == ("llm-pod-kill", "serving", "18.800")
    assert [child.tag for child in case] == ["properties", "system-out"]
    assert case.find("properties/property[@name='run_id']") is not None


def test_a_failure_says_the_verdict_the_reason_and_more() -> None:
    failure = suite(BREACHED).find(".//failure")
    assert failure is not None
    assert (failure.get("type"), failure.get("message")) == ("breached", "the SLOs did not recover")
    assert failure.text == "why & <how>"


def test_an_error_without_details_repeats_its_reason() -> None:
    error = suite(DIED).find(".//error")
    assert error is not None
    assert error.text == "no journal"


def test_what_xml_cannot_say_does_not_break_the_document() -> None:
    output = suite(Case("a", "b", 1.0, "passed", output="red \x1b[31m\x00 \ud800 done")).find(".//system-out")
    assert output is not None
    assert output.text == "red �[31m� � done"


@pytest.mark.parametrize(
    ("verdict", "result"),
    [("held", "passed"), ("breached", "failed"), ("refused", "error"), ("inconclusive", "error"), ("died", "error")],
)
def test_only_held_passes(verdict: str, result: str) -> None:
    assert result_of(verdict) == result
