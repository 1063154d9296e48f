"""Running a `chaos slo` command in this process."""

from dataclasses import dataclass

from click.testing import CliRunner

from runner.cli.slo import slo
from runner.cli.slo.ending import INTERNAL_ERROR


@dataclass(frozen=True)
class Ended:
    """How it ended, and what it wrote."""

    status: int
    out: str
    err: str


def chaos_slo(*arguments: str, **environment: str) -> Ended:
    """Run it without any variable of the machine's that it reads; an exception that no user may see fails the test."""
    variables = {"PROMETHEUS_URL": "", "COLUMNS": "100", "NO_COLOR": "1"} | environment
    result = CliRunner().invoke(slo, list(arguments), env=variables)
    assert result.exit_code != INTERNAL_ERROR, result.stderr
    return Ended(result.exit_code, result.stdout, result.stderr)
