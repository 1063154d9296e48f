"""The experiment file that a command is given: checked as a whole, with the variables of `chaos run`."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from runner.cli.slo.ending import fail, print_error_document
from runner.cli.slo.figures import counted
from runner.cli.slo.terminal import tell
from runner.exit_codes import Exit

if TYPE_CHECKING:
    from runner.experiment.check import Checked

F = TypeVar("F", bound=Callable[..., None])


def variable_options(command: F) -> F:
    """`--var` and `--var-file`, as `variables` and `variable_files`."""
    var = click.option("--var", "variables", multiple=True, metavar="NAME[:TYPE]=VALUE", help="As for `chaos run`.")
    var_file = click.option(
        "--var-file",
        "variable_files",
        multiple=True,
        type=click.Path(exists=True, dir_okay=False),
        help="As for `chaos run`.",
    )
    return var(var_file(command))


def checked_experiment(command: str, file: str, variables: Sequence[str], variable_files: Sequence[str]) -> "Checked":
    """The experiment, if it checks out; else every problem is said and the command ends."""
    from runner.cli.slo.loading import print_problems, problem_document
    from runner.experiment.check import check_file

    checked = check_file(file, _overrides(command, variables, variable_files))
    print_problems(checked.problems)
    if not checked.ok:
        errors = counted(sum(problem.level == "error" for problem in checked.problems), "error")
        message = f"{file} has {errors}; nothing was touched"
        tell(f"{command}: {message}")
        print_error_document(message, {"problems": [problem_document(one) for one in checked.problems]})
        sys.exit(Exit.REFUSED)
    return checked


def _overrides(command: str, variables: Sequence[str], variable_files: Sequence[str]) -> Mapping[str, Any]:
    if not variables and not variable_files:
        return {}
    from chaoslib import convert_vars, merge_vars

    try:
        given: Mapping[str, Any] = merge_vars(convert_vars(list(variables)), list(variable_files))[0]
    except ValueError as error:
        fail(command, f"--var: {error}; write NAME=VALUE or NAME:int=VALUE", Exit.REFUSED)
    return given
