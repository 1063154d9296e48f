"""JUnit XML, as GitHub, GitLab and Jenkins read it: one test case for each run.

There is no standard; this is the common part of what those three read
(https://github.com/testmoapp/junitxml, https://docs.gitlab.com/ci/testing/unit_test_reports/).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal
from xml.etree import ElementTree as ET

CaseResult = Literal["passed", "failed", "error", "skipped"]

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write, not even escaped."""

RESULTS: Mapping[str, CaseResult] = {"held": "passed", "breached": "failed"}
"""A verdict as the result of a test: what the system did wrong is a failure, and a run that proves nothing an error."""


@dataclass(frozen=True, slots=True)
class Case:
    """One run. `kind` (the verdict) and `message` are of what is not passed; `output` is what it printed."""

    name: str
    classname: str
    seconds: float
    result: CaseResult
    kind: str = ""
    message: str = ""
    details: str = ""
    output: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)


def result_of(verdict: str) -> CaseResult:
    """How a verdict counts in CI: only `held` is passed, and what is not known is an error, never skipped."""
    return RESULTS.get(verdict, "error")


def junit_xml(name: str, cases: Sequence[Case], started_at: float, seconds: float | None = None) -> str:
    """A document with one suite called `name`; `started_at` is in seconds since the epoch.

    `seconds` is how long the suite took, where its cases were at the same time; else they are summed up.
    """
    took = f"{sum(case.seconds for case in cases) if seconds is None else seconds:.3f}"
    counts = {
        "tests": str(len(cases)),
        "failures": str(_count(cases, "failed")),
        "errors": str(_count(cases, "error")),
        "skipped": str(_count(cases, "skipped")),
        "time": took,
    }
    root = ET.Element("testsuites", {"name": "mlchaos", **counts})
    timestamp = f"{datetime.fromtimestamp(started_at, UTC):%Y-%m-%dT%H:%M:%SZ}"
    suite = ET.SubElement(root, "testsuite", {"name": _clean(name), **counts, "timestamp": timestamp})
    for case in cases:
        _add(suite, case)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _add(suite: ET.Element, case: Case) -> None:
    attributes = {"name": case.name, "classname": case.classname, "time": f"{case.seconds:.3f}"}
    one = ET.SubElement(suite, "testcase", {key: _clean(value) for key, value in attributes.items()})
    if case.properties:
        properties = ET.SubElement(one, "properties")
        for key, value in case.properties.items():
            ET.SubElement(properties, "property", {"name": _clean(key), "value": _clean(value)})
    tag = {"failed": "failure", "error": "error", "skipped": "skipped"}.get(case.result)
    if tag == "skipped":
        ET.SubElement(one, tag, {"message": _clean(case.message)})
    elif tag is not None:
        told = ET.SubElement(one, tag, {"message": _clean(case.message), "type": _clean(case.kind)})
        told.text = _clean(case.details or case.message)
    if case.output:
        ET.SubElement(one, "system-out").text = _clean(case.output)


def _count(cases: Sequence[Case], result: CaseResult) -> int:
    return sum(case.result == result for case in cases)


def _clean(text: str) -> str:
    return _NOT_XML.sub("�", text)
