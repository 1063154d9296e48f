"""`chaos slo test-rules`."""

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click

from clients.promtool import PromtoolError, version
from runner.cli.slo.ending import fail
from runner.cli.slo.figures import counted
from runner.cli.slo.loading import load_or_exit
from runner.cli.slo.options import TimeoutSeconds, files_argument, json_option, time_scale_option
from runner.cli.slo.progress import Progress
from runner.cli.slo.terminal import tell
from runner.exit_codes import Exit
from runner.slo.rule_tests import PROMTOOL_VARIABLE, SloResult, find_promtool, test_rules
from slos.model import Slo
from slos.rules_test.write import check_time_scale

_NAME = "chaos slo test-rules"
_INSTALL = (
    "install it (Debian and Ubuntu: apt-get install prometheus; elsewhere it comes with Prometheus's release from "
    f"https://prometheus.io/download; in the lab: chaos lab servers --bring), or name it in {PROMTOOL_VARIABLE}"
)

_MISSING = f"NOTHING WAS TESTED: promtool is not on this machine; {_INSTALL}"


@click.command()
@files_argument
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep the rule files and test files in this directory, one directory for each SLO.  [default: nowhere]",
)
@time_scale_option
@click.option(
    "--timeout",
    "timeout_seconds",
    type=TimeoutSeconds(),
    default=120.0,
    show_default=True,
    help="Seconds that promtool may take for one SLO.",
)
@json_option
def command(
    files: tuple[Path, ...], out: Path | None, time_scale: float, timeout_seconds: float, as_json: bool
) -> None:
    """Unit-test the rules of SLOs with promtool.

    For every SLO it makes up the series that its queries read, for a service that is healthy, burns fast, burns slowly,
    stays just below and goes just above each tier's threshold, has no traffic, restarts or is gone, and checks which
    alerts fire, with which labels, and what is recorded. Without files it is the catalogue that comes with mlchaos.

    Exit status: 0 every test passed, 1 one failed, 2 something is wrong with a file or an option, 4 not everything
    could be tested.

    \b
    Example: chaos slo test-rules slos/
             chaos slo test-rules slos/llm.yaml --out /tmp/rule-tests
    """
    slos = load_or_exit(files).slos
    if not slos:
        _refuse("no SLO in these files: add one of `kind: SLO`")
    try:
        check_time_scale(time_scale)
    except ValueError as error:
        _refuse(f"{error} (--time-scale)")
    promtool = find_promtool()
    if promtool is None and out is None:
        fail(_NAME, _MISSING, Exit.INCONCLUSIVE, _document((), None, None))
    found = _version(promtool, timeout_seconds) if promtool else None
    with tempfile.TemporaryDirectory(prefix="mlchaos-rule-tests-") as temporary:
        results = _run(slos, out or Path(temporary), time_scale, promtool, timeout_seconds)
    _report(results, found, out, as_json)
    sys.exit(_exit_code(results))


def _run(
    slos: Sequence[Slo], directory: Path, time_scale: float, promtool: Path | None, timeout: float
) -> tuple[SloResult, ...]:
    progress = Progress("SLOs tested", len(slos))
    try:
        return test_rules(slos, directory, time_scale, promtool, timeout, progress.step)
    except ValueError as error:
        _refuse(str(error))
    except OSError as error:
        _refuse(f"cannot write to {directory}: {(error.strerror or str(error)).lower()}")
    except PromtoolError as error:
        _inconclusive(str(error))


def _version(promtool: Path, timeout: float) -> str:
    try:
        return version(promtool, timeout)
    except PromtoolError as error:
        _inconclusive(f"{error}; {_INSTALL}")


def _exit_code(results: Sequence[SloResult]) -> Exit:
    scenarios = [scenario.passed for result in results for scenario in result.scenarios]
    if False in scenarios:
        return Exit.BREACHED
    if None in scenarios or any(result.skipped for result in results):
        return Exit.INCONCLUSIVE
    return Exit.HELD


def _report(results: Sequence[SloResult], promtool: str | None, out: Path | None, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(_document(results, promtool, out), indent=2))
    for result in results:
        if result.skipped:
            tell(f"{_NAME}: NOT TESTED: {result.slo}: {result.skipped}")
        if result.unproven:
            tell(f"{_NAME}: {result.slo}: promtool cannot test {result.unproven}")
        for scenario in result.scenarios:
            if scenario.passed is False:
                tell(f"{_NAME}: FAILED: {result.slo}: {scenario.name}")
                for line in scenario.report.splitlines():
                    tell(line.expandtabs())
    if promtool is None:
        tell(f"{_NAME}: {_MISSING}")
    if not as_json:
        click.echo(_summary(results, promtool))
    if out:
        tell(f"{_NAME}: the files are in {out}: promtool test rules {out}/*/*.test.yml")


def _summary(results: Sequence[SloResult], promtool: str | None) -> str:
    scenarios = [scenario.passed for result in results for scenario in result.scenarios]
    tested = sum(1 for result in results if not result.skipped)
    tests, slos = counted(len(scenarios), "test"), counted(tested, "SLO")
    if promtool is None:
        return f"{tests} of {slos} written, none run"
    failed = scenarios.count(False)
    said = f"{len(scenarios) - failed} of {tests} of {slos} passed with promtool {promtool}"
    skipped = len(results) - tested
    return f"{said}; {counted(skipped, 'SLO')} not tested" if skipped else said


def _document(results: Sequence[SloResult], promtool: str | None, out: Path | None) -> dict[str, object]:
    return {
        "promtool": promtool,
        "directory": str(out) if out else None,
        "slos": [
            {
                "name": result.slo,
                "skipped": result.skipped,
                "unproven": result.unproven,
                "scenarios": [
                    {"name": scenario.name, "passed": scenario.passed, "report": scenario.report}
                    for scenario in result.scenarios
                ],
            }
            for result in results
        ],
    }


def _refuse(reason: str) -> NoReturn:
    fail(_NAME, reason, Exit.REFUSED)


def _inconclusive(reason: str) -> NoReturn:
    fail(_NAME, f"NOTHING WAS PROVEN: {reason}", Exit.INCONCLUSIVE)
