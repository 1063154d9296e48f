"""`chaos smoke`: a set of experiments, one after the other under one error budget."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli.expired_notice import offer_recovery
from runner.cli.orderly import orderly
from runner.cli.slo.ending import fail, print_error_document
from runner.cli.slo.options import json_option
from runner.cli.slo.terminal import tell
from runner.exit_codes import Exit

if TYPE_CHECKING:
    from runner.smoke.children import Children
    from runner.smoke.order import SetResult
    from runner.smoke.suite import Suite

_NAME = "chaos smoke"
_NETWORK = 75
_LAB = "a lab of its own"


@click.command(
    cls=orderly(_NAME, "faults may be in: see chaos recover --dry-run"),
    short_help="Run a set of experiments under one error budget, as CI does.",
)
@click.argument("path", metavar="DIRECTORY|FILE", type=click.Path(exists=True, path_type=Path))
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write JUnit XML into this file.")
@click.option(
    "--markdown", type=click.Path(dir_okay=False, path_type=Path), help="Add a summary in Markdown to this file."
)
@click.option(
    "--artifacts",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep the journal and the log of each run in this directory.",
)
@click.option("--max-spend", metavar="SHARE", help="Instead of the set's own: 5% of each SLO's error budget.")
@click.option("--within", metavar="DURATION", help="Instead of the set's own: 3m for all runs together.")
@click.option(
    "--lab/--cluster",
    "in_lab",
    default=None,
    help="In a lab of its own, or in the cluster that kubectl would take.  [default: the cluster if KUBECONFIG is "
    "set, else a lab]",
)
@click.option(
    "--lab-dir", type=click.Path(file_okay=False, path_type=Path), help="Directory of that lab, which comes and goes."
)
@click.option(
    "--network",
    "octet",
    type=click.IntRange(1, 254),
    default=_NETWORK,
    show_default=True,
    help="Second byte of that lab's loopback addresses.",
)
@click.option("--dry-run", is_flag=True, help="Check every file and say what would be run; start nothing.")
@json_option
def smoke(
    path: Path,
    junit: Path | None,
    markdown: Path | None,
    artifacts: Path | None,
    max_spend: str | None,
    within: str | None,
    in_lab: bool | None,
    lab_dir: Path | None,
    octet: int,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Run the experiments of a DIRECTORY (those that its suite.yaml names, or all) one after the other.

    Each run may spend what it declares, and all together no more than the set's max_spend of any SLO's error budget.
    No run begins after a fault that is stuck, nor when the set's time is over. A run that is refused because the one
    before it still shows is asked for again. Ctrl-C and SIGTERM end the run in good order; its fault comes out first.

    \b
    Example: chaos smoke experiments/smoke/                       in a lab, when KUBECONFIG is not set
             chaos smoke experiments/smoke/ --junit smoke.xml     in staging, when it is
             chaos smoke --dry-run experiments/smoke/

    Exit status, of the worst verdict: 0 all held; 4 inconclusive, or not run; 2 refused, or bad input; 3 aborted;
    1 breached; 5 a run failed or died, or a fault is stuck and needs a person.
    """
    offer_recovery()
    suite = _suite(path, max_spend, within)
    from runner.smoke.place import caller_environment, names_a_cluster

    environment = caller_environment()
    use_lab = not names_a_cluster(environment) if in_lab is None else in_lab
    place = _LAB if use_lab else _cluster()
    if dry_run:
        _print_order(suite, place, as_json=as_json)
        return
    _check_writable(junit, markdown)
    from runner.cli.smoke_page import Teller
    from runner.smoke.children import Children
    from runner.smoke.order import SetRun
    from runner.smoke.place import InterruptedPlaceError, PlaceError

    children = Children(lambda text: tell(f"      {text}"))
    try:
        with (
            children.taking_signals(),
            _kept(artifacts) as directory,
            _place(children, use_lab, lab_dir, octet, environment) as variables,
        ):
            done = SetRun(suite, children, variables, directory, Teller(len(suite.members))).run(place)
    except InterruptedPlaceError as error:
        fail(_NAME, str(error), Exit.ABORTED)
    except PlaceError as error:
        fail(_NAME, str(error), Exit.REFUSED)
    _print(done, as_json=as_json)
    written = _write(done, junit, markdown)
    sys.exit(done.status if written else done.status or Exit.REFUSED)


def _suite(path: Path, max_spend: str | None, within: str | None) -> Suite:
    """The set, if all of its files check out; else every problem is said and the command ends."""
    from runner.cli.slo.figures import counted
    from runner.cli.slo.loading import print_problems, problem_document
    from runner.smoke.suite import SuiteOptionError, read_suite, with_options

    read = read_suite(path)
    print_problems(read.problems)
    if read.suite is None:
        errors = counted(sum(problem.level == "error" for problem in read.problems), "error")
        message = f"{path} has {errors}; nothing was touched"
        tell(f"{_NAME}: {message}")
        print_error_document(message, {"problems": [problem_document(one) for one in read.problems]})
        sys.exit(Exit.REFUSED)
    try:
        return with_options(read.suite, max_spend, within)
    except SuiteOptionError as error:
        fail(_NAME, str(error), Exit.REFUSED)


def _cluster() -> str:
    """The cluster's address and context, as kubectl would take it."""
    from clients.kube import Kube
    from clients.kube_errors import KubeError

    try:
        kube = Kube()
        place = kube.place
        kube.close()
    except KubeError as error:
        fail(_NAME, f"{error}; --lab brings up a lab instead", Exit.REFUSED)
    return place


@contextmanager
def _place(
    children: Children, use_lab: bool, lab_dir: Path | None, octet: int, environment: dict[str, str]
) -> Iterator[dict[str, str]]:
    from clients.state_directory import state_directory
    from runner.smoke.place import own_lab

    if not use_lab:
        yield environment
        return
    directory = (lab_dir or state_directory() / "smoke-lab").absolute()
    with own_lab(children, directory, octet, environment, tell) as variables:
        yield variables


@contextmanager
def _kept(artifacts: Path | None) -> Iterator[Path]:
    if artifacts is not None:
        artifacts.mkdir(parents=True, exist_ok=True)
        yield artifacts
        return
    with tempfile.TemporaryDirectory(prefix="mlchaos-smoke-") as directory:
        yield Path(directory)


def _print_order(suite: Suite, place: str, *, as_json: bool) -> None:
    if as_json:
        import json

        from runner.smoke.telling import order_document

        click.echo(json.dumps(order_document(suite, place), indent=2))
        return
    from runner.cli.slo.page import Page
    from runner.cli.smoke_page import order_page

    Page().print(*order_page(suite, place))


def _print(done: SetResult, *, as_json: bool) -> None:
    if as_json:
        import json

        from runner.smoke.telling import document_of

        click.echo(json.dumps(document_of(done), indent=2))
        return
    from runner.cli.slo.page import Page
    from runner.cli.smoke_page import page

    Page().print(*page(done))


def _check_writable(*files: Path | None) -> None:
    """Before anything is broken: a result that cannot be written is found out too late."""
    for file in files:
        if file is None:
            continue
        try:
            with file.open("ab"):
                pass
        except OSError as error:
            fail(_NAME, f"{file} cannot be written: {(error.strerror or str(error)).lower()}", Exit.REFUSED)


def _write(done: SetResult, junit: Path | None, markdown: Path | None) -> bool:
    """Whether all that was asked for is written."""
    from runner.smoke.telling import junit_of, markdown_of

    try:
        if junit is not None:
            junit.write_text(junit_of(done), "utf-8")
        if markdown is not None:
            with markdown.open("a", encoding="utf-8") as file:
                file.write(markdown_of(done))
    except OSError as error:
        tell(f"{_NAME}: the result cannot be written: {error}")
        return False
    return True
