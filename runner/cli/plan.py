"""`chaos plan`: what an experiment would break now, and what that costs."""

import json
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from runner.cli.experiment_file import checked_experiment, variable_options
from runner.cli.expired_notice import offer_recovery
from runner.cli.orderly import orderly
from runner.cli.slo.ending import fail
from runner.cli.slo.options import json_option
from runner.cli.slo.terminal import say, tell
from runner.exit_codes import Exit

if TYPE_CHECKING:
    from runner.experiment.check import Checked
    from runner.plan.model import Admission, Plan

_NAME = "chaos plan"
_QUIET_SECONDS = 2.0
_SEED_BITS = 32
_FILE = click.Path(exists=True, dir_okay=False)


@click.command(
    cls=orderly(_NAME, "nothing was touched"),
    short_help="Show what an experiment would break now, and what that costs.",
)
@click.argument("file", metavar="FILE")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**_SEED_BITS - 1),
    help="Draw targets by this number, as an earlier plan did. Drawn itself if it is not given.",
)
@variable_options
@json_option
def plan(
    file: str, seed: int | None, variables: tuple[str, ...], variable_files: tuple[str, ...], as_json: bool
) -> None:
    """Show which targets an experiment would hit now, what is left meanwhile, and every limit with what is used of it.

    Reads only: nothing is changed. What it shows is what a run picks: run it with the MLCHAOS_PLAN that is printed,
    and `chaos run` takes the same targets, or refuses because the world has changed. Without it, a run draws its own.

    ADMISSION is what a run would be told at this moment: whether all runs are halted, another one is on the same
    targets, and the SLOs (in the Prometheus that PROMETHEUS_URL names) have budget left, burn slowly and are quiet.

    Exit status: 0 it may run, and would be admitted now; 2 it may not (a limit is exceeded, a permission is missing, a
    selector finds nothing, or the file is wrong), or a run would be refused now; 4 a system that has to be asked does
    not answer, or the SLOs are unknown.

    \b
    Example: chaos plan experiments/serving/llm-pod-kill.yaml
             chaos plan --json experiments/serving/llm-pod-kill.yaml | jq .faults[].targets
    """
    offer_recovery()
    checked = checked_experiment(_NAME, file, variables, variable_files)
    made = _made(checked, seed)
    admission = _admission(made, checked)
    if as_json:
        from runner.plan.document import plan_document

        click.echo(json.dumps(plan_document(made, admission), indent=2))
    else:
        _print(made, admission, file)
    sys.exit(_status(made, admission))


def _print(made: "Plan", admission: "Admission", file: str) -> None:
    from runner.cli.plan_page import DRAWN_ANEW, command, not_now, page
    from runner.cli.slo.page import Page

    shown = Page()
    shown.print(*page(made, admission))
    if made.allowed:
        say(command(made, file))
        say(DRAWN_ANEW)
        shown.print(*not_now(admission))


def _status(made: "Plan", admission: "Admission") -> Exit:
    if not made.allowed or admission.admitted is False:
        return Exit.REFUSED
    return Exit.HELD if admission.admitted else Exit.INCONCLUSIVE


def _made(checked: "Checked", seed: int | None) -> "Plan":
    import secrets

    from actions.ledger.store import LedgerError
    from actions.systems import Systems
    from clients.kube_errors import KubeError
    from runner.plan.digest import SEED_BITS
    from runner.plan.make import PlanError, UnansweredError, make_plan

    drawn = secrets.randbits(SEED_BITS) if seed is None else seed
    try:
        with Systems() as systems, _progress("reading the cluster"):
            return make_plan(checked.experiment, checked.configuration, {}, systems, drawn, _past)
    except (PlanError, LedgerError) as error:
        fail(_NAME, f"{error}; nothing was touched", Exit.REFUSED)
    except (KubeError, UnansweredError) as error:
        fail(_NAME, f"nothing could be planned: {error}", Exit.INCONCLUSIVE)


def _past(title: str) -> Sequence[Mapping[str, float]]:
    """What earlier runs spent; where the store cannot be read, that is said, and the plan is made without."""
    from runner.plan.history import stored_past
    from runner.store.store import StoreError

    try:
        return stored_past(title)
    except StoreError as error:
        tell(f"{_NAME}: warning: what earlier runs cost is not known: {error}")
        return ()


def _admission(made: "Plan", checked: "Checked") -> "Admission":
    from runner.guarding.outlook import look

    with _progress("asking whether a run would be admitted now"):
        return look(made, checked.configuration)


@contextmanager
def _progress(what: str) -> Iterator[None]:
    """Says on standard error what still goes on."""
    done = threading.Event()

    def say() -> None:
        while not done.wait(_QUIET_SECONDS):
            tell(f"{_NAME}: still {what}")

    telling = threading.Thread(target=say, daemon=True)
    telling.start()
    try:
        yield
    finally:
        done.set()
        telling.join()
