"""The unit tests of SLOs' rules: written into a directory, and run with promtool."""

import os
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from clients.promtool import TestResult, run_rule_tests
from slos.model import Slo
from slos.rules.compile import compile_slo
from slos.rules_test.evaluate import UnderivableError
from slos.rules_test.scenarios import unproven
from slos.rules_test.write import rule_files, unit_tests

PROMTOOL_VARIABLE = "MLCHAOS_PROMTOOL"
_SUFFIX = ".test.yml"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """How one scenario went: `passed` is None where it has not been run. `report` is promtool's, of what failed."""

    name: str
    file: Path
    passed: bool | None
    report: str = ""


@dataclass(frozen=True, slots=True)
class SloResult:
    """How the tests of one SLO went. `skipped` says why there are none, `unproven` what they leave out."""

    slo: str
    scenarios: tuple[ScenarioResult, ...] = ()
    skipped: str | None = None
    unproven: str | None = None


def find_promtool() -> Path | None:
    """promtool by MLCHAOS_PROMTOOL, on PATH, or where `chaos lab servers --bring` puts it."""
    chosen = os.environ.get(PROMTOOL_VARIABLE)
    if chosen:
        return Path(chosen)
    brought = Path(sys.prefix) / "share" / "mlchaos" / "servers" / "bin"
    found = shutil.which("promtool", path=os.pathsep.join((os.environ.get("PATH", os.defpath), str(brought))))
    return Path(found) if found else None


def test_rules(
    slos: Sequence[Slo],
    directory: Path,
    time_scale: float,
    promtool: Path | None,
    timeout: float,
    done: Callable[[], None],
) -> tuple[SloResult, ...]:
    """Write the rules and tests of each SLO into a directory of its own, and run them if there is a promtool.

    `timeout` (seconds) is for one SLO; `done` is called after each. Raises ValueError (PromqlError) for an SLO that
    does not compile or a time scale that cannot be tested, OSError for a directory that cannot be written to, and
    PromtoolError.
    """
    names = _directory_names([slo.name for slo in slos])

    def tested(slo: Slo, name: str) -> SloResult:
        return _tested(slo, directory / name, time_scale, promtool, timeout)

    pool = ThreadPoolExecutor(max_workers=os.cpu_count())
    try:
        running = [pool.submit(tested, slo, name) for slo, name in zip(slos, names, strict=True)]
        for finished in as_completed(running):
            finished.result()
            done()
        return tuple(one.result() for one in running)
    finally:
        pool.shutdown(cancel_futures=True)


test_rules.__test__ = False  # type: ignore[attr-defined]  # no test of pytest's


def _tested(slo: Slo, directory: Path, time_scale: float, promtool: Path | None, timeout: float) -> SloResult:
    groups = compile_slo(slo, time_scale)
    try:
        tests = unit_tests(slo, time_scale)
    except UnderivableError as error:
        return SloResult(slo.name, skipped=str(error))
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in rule_files(slo, groups, time_scale).items():
        (directory / name).write_text(text)
    files = {directory / f"{test.scenario}{_SUFFIX}": test for test in tests}
    for file, test in files.items():
        file.write_text(test.text)
    results = run_rule_tests(promtool, tuple(files), timeout) if promtool else ()
    by_file: dict[Path, TestResult] = {result.file: result for result in results}
    scenarios = tuple(
        ScenarioResult(test.scenario, file, by_file[file].passed, by_file[file].output)
        if file in by_file
        else ScenarioResult(test.scenario, file, None)
        for file, test in files.items()
    )
    return SloResult(slo.name, scenarios, unproven=unproven(slo) if time_scale == 1 else None)


def _directory_names(names: Sequence[str]) -> list[str]:
    """A directory name for each SLO; names that differ only in what no directory can have are numbered."""
    found: list[str] = []
    for name in names:
        safe = _UNSAFE.sub("_", name).lstrip(".") or "_"
        count = found.count(safe)
        found.append(f"{safe}-{count + 1}" if count else safe)
    return found
