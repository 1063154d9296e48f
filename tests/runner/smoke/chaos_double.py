"""A `chaos` of a few lines of shell, that notes how it is called and does as a test has told it."""

import json
from pathlib import Path
from typing import Any

import pytest

from runner.smoke import children, place

SCRIPT = """#!/bin/sh
here=%s
echo "$*" >> $here/calls
case "$1 $2" in
  "lab up") cat $here/up 2>/dev/null; exit $(cat $here/up.status 2>/dev/null || echo 0) ;;
  "lab env") echo '{"KUBECONFIG": "/the/lab", "ADMIT_BUDGET_LEFT": "0%%"}' ;;
  "run --journal-path") echo "$KUBECONFIG $MLCHAOS_MAX_SPEND" >> $here/environments; cp $here/journal "$3" ;;
esac
"""


class ChaosDouble:
    """The double, what it has been called with, and what its runs end with."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._directory = directory
        directory.mkdir()
        (directory / "calls").touch()
        (directory / "environments").touch()
        script = directory / "chaos"
        script.write_text(SCRIPT % directory)
        for module in (children, place):
            monkeypatch.setattr(module, "CHAOS", ("/bin/sh", str(script)))

    def runs_end_with(self, ours: dict[str, Any]) -> None:
        (self._directory / "journal").write_text(json.dumps({"mlchaos": ours}))

    def no_lab(self, status: int, said: str) -> None:
        (self._directory / "up").write_text(said)
        (self._directory / "up.status").write_text(str(status))

    @property
    def calls(self) -> list[str]:
        return (self._directory / "calls").read_text().splitlines()

    @property
    def environments(self) -> list[str]:
        """KUBECONFIG and the budget of each run."""
        return (self._directory / "environments").read_text().splitlines()


@pytest.fixture
def chaos_double(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ChaosDouble:
    return ChaosDouble(tmp_path / "double", monkeypatch)
