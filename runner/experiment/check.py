"""Everything that is wrong with an experiment, in one pass, before anything is touched or even asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.experiment.activity_rules import check_activities, check_dynamic
from runner.experiment.file_model import Experiment
from runner.experiment.fitting import fit
from runner.experiment.guard_rules import check_guard
from runner.experiment.reading import read_experiment, unplaced
from runner.experiment.variables import Variables, given_variables, read_variables
from slos.files.findings import Findings
from slos.files.yaml_document import Document
from slos.problems import Problem

_ADDED = ("dry",)
"""What `chaos run` puts into an experiment that it has loaded."""
_FREE = ("configuration", "secrets", "contributions")
"""Where a key without a value may mean something."""
_HINTS: Mapping[str, str] = {
    "rollback": "write rollbacks",
    "control": "write controls",
    "extension": "write extensions",
    "guard": "write it as an extension: extensions: [{name: guard, ...}]",
    "steady_state_hypothesis": "write steady-state-hypothesis",
    "hypothesis": "write steady-state-hypothesis",
    "dry": "remove it: it would switch --dry off; run with --dry actions instead",
    "args": "write arguments",
    "function": "write func",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """An experiment that was looked through: its content and configuration, if it can be planned at all."""

    experiment: Mapping[str, Any]
    configuration: Mapping[str, Any]
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        return not any(problem.level == "error" for problem in self.problems)


def check_file(path: str, overrides: Mapping[str, Any] | None = None) -> Checked:
    """What is wrong with a file, with the environment as it is now; `overrides` are the values of `--var`."""
    source = read_experiment(path)
    if source.document is None:
        return Checked({}, {}, source.problems)
    findings = Findings(source.document)
    findings.spoilt |= source.ambiguous
    variables = read_variables(source.document.value, overrides or {}, findings)
    _check(source.document.value, variables, findings)
    problems = {*source.problems, *findings.problems}
    return Checked(source.document.value, variables.configuration, _sorted(problems))


def check_document(
    experiment: Mapping[str, Any], configuration: Mapping[str, Any], name: str = "experiment"
) -> tuple[Problem, ...]:
    """What is wrong with an experiment that `chaos run` has loaded and configured; places are paths without lines."""
    value = {key: below for key, below in experiment.items() if key not in _ADDED}
    document: Document = unplaced(name, value)
    findings = Findings(document)
    _check(value, given_variables(value, configuration), findings)
    return _sorted(set(findings.problems))


def _check(experiment: Mapping[str, Any], variables: Variables, findings: Findings) -> None:
    findings.refuse_empty(except_below=_FREE)
    fit(Experiment, experiment, (), findings, _HINTS)
    check_guard(experiment, variables, findings)
    check_activities(experiment, variables, findings)
    check_dynamic(experiment, findings)


def _sorted(problems: set[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: (problem.place, problem.message)))
