"""Tolerances of the hypothesis: those that Chaos Toolkit can judge by, and none that it takes for something else."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from slos.files.findings import Findings
from slos.files.nearest import nearest
from slos.files.yaml_document import Path


def check_tolerance(tolerance: object, path: Path, findings: Findings) -> None:
    """Reports a tolerance that Chaos Toolkit refuses, or in which it leaves a reference as it is."""
    if isinstance(tolerance, float):
        message = f"a tolerance of {tolerance:g}: Chaos Toolkit takes no fractions"
        findings.error(path, message, f"write {{type: range, range: [{tolerance:g}, {tolerance:g}]}}")
    elif tolerance is None:
        findings.error(path, "a tolerance of nothing", "write what the probe may answer, such as true or a range")
    elif isinstance(tolerance, list):
        for index, item in enumerate(tolerance):
            _no_reference(item, (*path, index), findings)
    elif isinstance(tolerance, Mapping):
        kind = tolerance.get("type")
        check = _KINDS.get(str(kind))
        if check is not None:
            check(tolerance, path, findings)
        elif kind != "probe":
            meant = nearest(str(kind), (*_KINDS, "probe"))
            remedy = f"write {meant}" if meant else f"write one of {', '.join(sorted((*_KINDS, 'probe')))}"
            findings.error((*path, "type"), f"no tolerance is of the type {kind!r}", remedy)


def _range(tolerance: Mapping[str, Any], path: Path, findings: Findings) -> None:
    bounds = tolerance.get("range")
    example = "write two numbers, such as range: [0.99, 1.0]"
    if not isinstance(bounds, list) or len(bounds) != 2:
        findings.error((*path, "range") if "range" in tolerance else path, "a range without two bounds", example)
        return
    for index, bound in enumerate(bounds):
        if isinstance(bound, bool) or not isinstance(bound, int | float):
            if not _no_reference(bound, (*path, "range", index), findings):
                findings.error((*path, "range", index), f"the bound {bound!r}, which is no number", example)
            return
    if bounds[0] > bounds[1]:
        message = f"a range from {bounds[0]:g} down to {bounds[1]:g}, in which nothing is"
        findings.error((*path, "range"), message, f"write [{bounds[1]:g}, {bounds[0]:g}]")


def _regex(tolerance: Mapping[str, Any], path: Path, findings: Findings) -> None:
    pattern = tolerance.get("pattern")
    if not isinstance(pattern, str):
        findings.error(path, "a regex without a pattern", "add pattern")
        return
    try:
        re.compile(pattern)
    except re.error as error:
        findings.error((*path, "pattern"), f"a pattern that is no regular expression: {error}", "escape what is meant")


def _json_path(tolerance: Mapping[str, Any], path: Path, findings: Findings) -> None:
    if not isinstance(tolerance.get("path"), str):
        findings.error(path, "a jsonpath without a path", "add path")


def _no_reference(value: object, path: Path, findings: Findings) -> bool:
    """Whether it was one: Chaos Toolkit does not resolve references here, and would compare with the text itself."""
    if not isinstance(value, str) or "${" not in value:
        return False
    findings.error(path, f"{value} in a tolerance, where Chaos Toolkit resolves no references", "write the value")
    return True


_KINDS: Mapping[str, Callable[[Mapping[str, Any], Path, Findings], None]] = {
    "range": _range,
    "regex": _regex,
    "jsonpath": _json_path,
}
