"""`chaos slo validate`."""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from runner.cli.slo.figures import counted
from runner.cli.slo.loading import MOST_SAID, print_problems, problem_document
from runner.cli.slo.options import files_argument, json_option, time_scale_option, timeout_option
from runner.cli.slo.terminal import tell
from runner.exit_codes import Exit
from runner.slo.files import CATALOG, load
from slos.model import Slo
from slos.problems import Problem

_NAME = "chaos slo validate"
_QUIET_SECONDS = 2.0


@click.command()
@files_argument
@click.option(
    "--prometheus",
    "prometheus_url",
    metavar="URL",
    help="Check against this Prometheus, too. PROMETHEUS_URL is not looked at, so that files alone need no server.",
)
@click.option("--strict", is_flag=True, help="Take warnings for errors.")
@timeout_option
@time_scale_option
@json_option
def command(
    files: tuple[Path, ...],
    prometheus_url: str | None,
    strict: bool,
    timeout_seconds: float,
    time_scale: float,
    as_json: bool,
) -> None:
    """Find everything that is wrong with SLO files, in one pass: where, what, and what to write instead.

    Without files it is the catalogue that comes with mlchaos. With --prometheus also what only a live server tells:
    selectors that match no series, thresholds that are no bucket edges, counters that are gauges, windows longer than
    the retention. Exit status: 0 nothing is wrong (warnings pass), 2 something is, 4 Prometheus cannot be asked.

    \b
    Example: chaos slo validate slos/
             chaos slo validate slos/llm.yaml --prometheus http://prometheus.example:9090
             chaos slo validate --strict --json slos/ | jq .problems
    """
    loaded = load(files or (CATALOG,))
    said = 0 if as_json else print_problems(loaded.problems)
    live = _live(loaded.slos.slos, prometheus_url, timeout_seconds, time_scale)
    if not as_json:
        print_problems(live.problems, MOST_SAID - said)
    report = _Report(len(loaded.slos.slos), (*loaded.problems, *live.problems), live, strict)
    if as_json:
        click.echo(json.dumps(report.document(), indent=2))
    else:
        for note in live.unchecked:
            tell(f"{_NAME}: warning: {note}")
    if live.failure:
        tell(f"{_NAME}: {live.failure}")
    if not as_json:
        tell(f"{_NAME}: {report.summary()}")
    sys.exit(report.exit_status)


@dataclass(frozen=True, slots=True)
class _Live:
    """What came of asking Prometheus; `failure` is why it could not be asked, and `status` what that ends with."""

    url: str | None = None
    problems: tuple[Problem, ...] = ()
    unchecked: tuple[str, ...] = ()
    failure: str | None = None
    status: Exit = Exit.HELD


def _live(slos: Sequence[Slo], url: str | None, timeout_seconds: float, time_scale: float) -> _Live:
    if url is None:
        return _Live()
    # The HTTP client takes longer to import than all files to check.
    from clients.prometheus import Prometheus, PrometheusError, shown_address
    from clients.prometheus_metadata import PrometheusMetadata
    from runner.slo.live_checks import check_live

    if not url:
        nowhere = "--prometheus is empty: write an address such as http://prometheus.example:9090, or leave it away"
        return _Live(url, failure=nowhere, status=Exit.REFUSED)
    try:
        prometheus = Prometheus(url, timeout=timeout_seconds)
    except PrometheusError as error:
        return _Live(shown_address(url), failure=f"{error} (--prometheus)", status=Exit.REFUSED)
    with prometheus:
        metadata = PrometheusMetadata(prometheus, time.time(), _Progress().asked)
        try:
            checks = check_live(slos, metadata, time_scale)
        except PrometheusError as error:
            return _Live(
                prometheus.url, failure=f"nothing was checked against Prometheus: {error}", status=Exit.INCONCLUSIVE
            )
    return _Live(prometheus.url, checks.problems, checks.unchecked)


class _Progress:
    """Says every two seconds how far the questions to Prometheus are."""

    def __init__(self) -> None:
        self._requests = 0
        self._said = time.monotonic()

    def asked(self) -> None:
        self._requests += 1
        if time.monotonic() - self._said > _QUIET_SECONDS:
            self._said = time.monotonic()
            tell(f"{_NAME}: {self._requests} requests to Prometheus so far")


@dataclass(frozen=True, slots=True)
class _Report:
    slos: int
    problems: tuple[Problem, ...]
    live: _Live
    strict: bool

    @property
    def errors(self) -> int:
        return sum(problem.level == "error" for problem in self.problems)

    @property
    def warnings(self) -> int:
        return len(self.problems) - self.errors + len(self.live.unchecked)

    @property
    def exit_status(self) -> Exit:
        if self.live.failure:
            return self.live.status
        return Exit.REFUSED if self.errors or (self.strict and self.warnings) else Exit.HELD

    def summary(self) -> str:
        counts = [counted(self.slos, "SLO"), counted(self.errors, "error"), counted(self.warnings, "warning")]
        if self.live.failure:
            counts.append("not checked against Prometheus")
        return ", ".join(counts)

    def document(self) -> dict[str, Any]:
        return {
            "ok": self.exit_status == Exit.HELD,
            "slos": self.slos,
            "errors": self.errors,
            "warnings": self.warnings,
            "problems": [problem_document(problem) for problem in self.problems],
            "prometheus": self.live.url,
            "prometheus_failure": self.live.failure,
            "unchecked": list(self.live.unchecked),
        }
