"""SLO files for the commands that need good ones."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from runner.cli.slo.ending import print_error_document
from runner.cli.slo.figures import counted
from runner.cli.slo.terminal import tell
from runner.exit_codes import Exit
from runner.slo.files import CATALOG, load
from slos.model import SloSet
from slos.problems import Problem

MOST_SAID = 100
"""Problems of one run; who mends a hundred runs it again."""


def load_or_exit(paths: Sequence[Path]) -> SloSet:
    """The SLOs of files and directories, of the catalogue when none is named.

    Says every problem on standard error (with --json also in a document, if the command ends), and ends the command
    with Exit.REFUSED if one of them is an error.
    """
    loaded = load(paths or (CATALOG,))
    print_problems(loaded.problems)
    if not loaded.ok:
        errors = counted(sum(problem.level == "error" for problem in loaded.problems), "error")
        print_error_document(
            f"the SLO files have {errors}", {"problems": [problem_document(problem) for problem in loaded.problems]}
        )
        sys.exit(Exit.REFUSED)
    return loaded.slos


def print_problems(problems: Sequence[Problem], most: int = MOST_SAID) -> int:
    """A line for each on standard error, errors before warnings where there are more than `most`; how many it says."""
    said = problems if len(problems) <= most else sorted(problems, key=lambda one: one.level != "error")[:most]
    for problem in said:
        tell(str(problem))
    if unsaid := len(problems) - len(said):
        tell(f"and {counted(unsaid, 'more problem')}: chaos slo validate --json tells all")
    return len(said)


def problem_document(problem: Problem) -> dict[str, Any]:
    """One problem for machines."""
    return {
        "level": problem.level,
        **asdict(problem.place),
        "message": problem.message,
        "remedy": problem.remedy,
    }
