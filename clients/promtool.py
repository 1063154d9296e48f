"""Running promtool, Prometheus's own checker: its unit tests of rules, with a deadline and an answer that is typed."""

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_FILE_BEGINS = re.compile(r"^Unit Testing:\s+(.*)$", re.MULTILINE)
_FEWER_COLLECTIONS = {"GOGC": "400"}
"""promtool's memory is of a few seconds: with less frequent garbage collection it needs a quarter less time."""
_VERSION = re.compile(r"promtool, version (\S+)")


class PromtoolError(Exception):
    """promtool could not be run, or did not answer as promtool does: why, and what to do about it."""


@dataclass(frozen=True, slots=True)
class TestResult:
    """What promtool says of one test file. `output` is its report, without the file's name; empty if it passed."""

    __test__ = False

    file: Path
    passed: bool
    output: str = ""


def version(promtool: Path, timeout: float = 10.0) -> str:
    """The version that the program says it is (2.42.0). Raises PromtoolError."""
    output = _run([str(promtool), "--version"], timeout).stdout
    found = _VERSION.search(output)
    if found is None:
        raise PromtoolError(f"{promtool} is no promtool: it says {output[:80].strip()!r} for its version")
    return found.group(1)


def run_rule_tests(promtool: Path, files: Sequence[Path], timeout: float) -> tuple[TestResult, ...]:
    """Run unit test files (`promtool test rules`), all of them within `timeout` seconds; a result for each.

    Raises PromtoolError when it does not start, does not finish in time, or leaves a file out.
    """
    done = _run([str(promtool), "test", "rules", *map(str, files)], timeout)
    parts = _FILE_BEGINS.split(done.stdout)[1:]
    reports = {Path(name): report for name, report in zip(parts[::2], parts[1::2], strict=True)}
    missing = [str(file) for file in files if file not in reports]
    if missing or (done.returncode not in (0, 1)):
        raise PromtoolError(
            f"{promtool} ended with status {done.returncode} and said nothing of {', '.join(missing) or 'the reason'}: "
            f"{done.stdout.strip()[-300:]}"
        )
    results = tuple(_result(file, reports[file]) for file in files)
    if (done.returncode == 0) != all(result.passed for result in results):
        raise PromtoolError(f"{promtool} ended with status {done.returncode}, which its report contradicts")
    return results


def _result(file: Path, report: str) -> TestResult:
    text = report.strip()
    if text == "SUCCESS":
        return TestResult(file, passed=True)
    return TestResult(file, passed=False, output=text.removeprefix("FAILED:").strip("\n"))


def _run(command: list[str], timeout: float) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,  # its report is spread over both
            text=True,
            timeout=timeout,
            check=False,
            env=_FEWER_COLLECTIONS | os.environ,
        )
    except subprocess.TimeoutExpired as error:
        raise PromtoolError(f"{command[0]} did not finish within {timeout:g} s: give it more with --timeout") from error
    except (OSError, UnicodeDecodeError) as error:
        raise PromtoolError(f"{command[0]} cannot be run: {error}") from error
