"""`chaos halt` and `chaos resume`: stop every run at once, refuse new ones, and allow them again."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, NoReturn

import click

from runner.cli.orderly import orderly
from runner.cli.slo.terminal import tell
from runner.exit_codes import Exit

if TYPE_CHECKING:
    from actions.ledger.record import Halt
    from actions.ledger.store import Ledger
    from runner.halting import Halted


_NO_CLUSTER = "No cluster was asked (KUBECONFIG is not set)"


@click.command(
    cls=orderly("chaos halt", "it is not known whether all is halted"),
    short_help="Stop every run at once, and refuse new ones.",
)
@click.option("--why", required=True, metavar="TEXT", help="The reason, shown to everybody who is stopped or refused.")
@click.option(
    "--wait",
    "wait_seconds",
    type=click.FloatRange(0),
    default=15.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the faults to come out.",
)
@click.option("--dry-run", is_flag=True, help="Say which runs and faults there are; halt nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def halt(why: str, wait_seconds: float, dry_run: bool, as_json: bool) -> None:
    """Stop every run at once, and refuse new ones until `chaos resume`.

    Each run takes its faults out within about a second and ends as aborted; this command watches that they do. It holds
    for all runs that use the same ledger: the cluster's, wherever they run, and the one on this machine.

    \b
    chaos halt --why "incident 4711: page for ml-serving"
    chaos resume

    Exit status: 0 all faults are out; 2 nothing was halted; 4 a ledger could not be read, or no cluster is named (with
    MLCHAOS_LEDGER=local none is meant); 5 faults are left.
    """
    if not why.strip():
        raise click.UsageError("--why is empty; say what others need to know, such as the incident's number")
    from dataclasses import replace

    from actions.ledger.record import Halt
    from actions.ledger.store import LedgerError
    from actions.ledger.takeover import Clock
    from runner.halting import Halted, halt_all, halted_before, standing

    clock = Clock()
    told: set[str] = set()

    def progress(text: str) -> None:
        if not told:
            told.add(text)
            tell(f"  {text}")

    opened = _Ledgers("chaos halt")
    with opened as ledgers:
        try:
            before = halted_before(ledgers)
            if dry_run:
                now = standing(ledgers)
                done = Halted(tuple(sorted(now.runs)), now.left, 0.0, now.problems)
            else:
                done = halt_all(ledgers, Halt(_line(why), _who(), clock.now()), wait_seconds, progress, clock)
        except LedgerError as error:
            _refuse("chaos halt", error)
        places = [ledger.place for ledger in ledgers]
    done = replace(done, problems=(*opened.problems, *done.problems))
    if as_json:
        click.echo(json.dumps(_document(done, before, places, opened.no_cluster, dry=dry_run), indent=2))
    else:
        _print_halted(done, before, places, opened.no_cluster, dry=dry_run)
        if opened.problems:
            tell_out("NOT HALTED: a ledger could not be reached; the runs that use it go on")
    for problem in done.problems:
        tell(f"chaos halt: {problem}")
    unsure = done.problems or opened.no_cluster
    sys.exit(Exit.STUCK if done.left and not dry_run else Exit.INCONCLUSIVE if unsure else Exit.HELD)


@click.command(
    cls=orderly("chaos resume", "it is not known whether the halt is lifted"),
    short_help="Allow runs again after `chaos halt`.",
)
@click.option("--dry-run", is_flag=True, help="Say what is halted; lift nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def resume(dry_run: bool, as_json: bool) -> None:
    """Allow runs again after `chaos halt`. What was stopped does not go on by itself.

    \b
    Example: chaos resume

    Exit status: 0 runs are allowed; 2 the halt could not be lifted; 4 another ledger could not be reached, or no
    cluster is named (with MLCHAOS_LEDGER=local none is meant).
    """
    from actions.ledger.store import LedgerError
    from runner.halting import halted_before, resume_all

    opened = _Ledgers("chaos resume")
    with opened as ledgers:
        try:
            present = halted_before(ledgers)
            lifted = [present] if dry_run and present else [] if dry_run else resume_all(ledgers)
        except LedgerError as error:
            _refuse("chaos resume", error)
    for problem in opened.problems:
        tell(f"chaos resume: {problem}")
    if as_json:
        halts = [{"why": one.why, "by": one.by, "at": one.at} for one in lifted]
        asked = {"cluster_named": not opened.no_cluster, "problems": list(opened.problems)}
        click.echo(json.dumps({"dry_run": dry_run, "lifted": halts, **asked}, indent=2))
    else:
        _print_lifted(lifted, opened, dry=dry_run)
    sys.exit(Exit.INCONCLUSIVE if opened.problems or opened.no_cluster else Exit.HELD)


def _print_lifted(lifted: list[Halt], opened: _Ledgers, *, dry: bool) -> None:
    here = " on this machine" if opened.no_cluster else ""
    if lifted:
        tell_out(f"{'Would lift' if dry else 'Lifted'} the halt{here} {_by(lifted[0])}")
    elif opened.problems:
        tell_out("Nothing was halted where a ledger could be reached")
    else:
        tell_out(f"Nothing was halted{here}: runs are allowed{' here' if here else ''}")
    if opened.no_cluster:
        tell_out(f"{_NO_CLUSTER}: a halt there stays")


class _Ledgers:
    """Every ledger that runs could use from here; the local one is made where there is none at all."""

    def __init__(self, command: str) -> None:
        self._command = command
        self.problems: tuple[str, ...] = ()
        """Why other ledgers could not be opened."""
        self.no_cluster = False
        """Nobody named a cluster, so only the runs of this machine are meant."""
        self._opened: list[Ledger] = []

    def __enter__(self) -> list[Ledger]:
        from actions.ledger.open import no_cluster_is_asked, open_in_file
        from actions.ledger.store import LedgerError
        from runner.recover.opening import open_patiently

        self.no_cluster = no_cluster_is_asked()
        self._opened, problems = open_patiently(lambda text: tell(f"  {text}"))
        if problems and not self._opened:
            _refuse(self._command, problems[0])
        self.problems = tuple(str(problem) for problem in problems)
        if not self._opened:
            try:
                self._opened = [open_in_file()]
            except LedgerError as error:
                _refuse(self._command, error)
        return self._opened

    def __exit__(self, *_: object) -> None:
        for ledger in self._opened:
            ledger.close()


def tell_out(text: str) -> None:
    """A line on standard output; names and reasons from elsewhere do not steer the terminal."""
    from runner.cli.slo.figures import printable

    click.echo(printable(text))


def _print_halted(done: Halted, before: Halt | None, places: list[str], no_cluster: bool, *, dry: bool) -> None:
    if no_cluster:
        here = "WOULD HALT ONLY THIS MACHINE" if dry else "HALTED ONLY THIS MACHINE"
        tell_out(f"{here}. {_NO_CLUSTER}: runs there go on")
    where = " and ".join(places)
    if before is not None:
        tell_out(f"{'It is' if dry else 'It was'} halted already {_by(before)}")
    runs = f"{_count(len(done.runs), 'run')}{': ' if done.runs else ''}{', '.join(done.runs)}"
    faults = _count(len(done.left), "fault")
    if dry:
        tell_out(f"Would halt {where}: {runs}; {faults}" if done.runs else f"Would halt {where}: {runs}, {faults}")
    elif done.left:
        still = "is" if len(done.left) == 1 else "are"
        tell_out(f"Halted {where}; after {done.seconds:.1f} s {faults} {still} still in:")
    elif done.runs:
        tell_out(f"Halted {where}: no fault is in after {done.seconds:.1f} s; told to stop: {runs}")
    else:
        tell_out(f"Halted {where}; no run was there")
    for record in done.left:
        reason = f": {record.reason}" if record.reason else ""
        tell_out(f"  {record.state:<9}{record.fault} on {record.target}, run {record.run}{reason}")
    if done.left and not dry:
        tell_out("Take them out with `chaos recover` (or, if their runs live and do not stop, `chaos recover --all`)")
    elif not dry:
        tell_out("Runs are refused until `chaos resume`")


def _document(
    done: Halted, before: Halt | None, places: list[str], no_cluster: bool, *, dry: bool
) -> dict[str, object]:
    return {
        "dry_run": dry,
        "ledgers": places,
        "cluster_named": not no_cluster,
        "halted_before": {"why": before.why, "by": before.by, "at": before.at} if before else None,
        "runs": list(done.runs),
        "faults_left": [
            {"id": one.id, "run": one.run, "fault": one.fault, "target": str(one.target), "state": one.state}
            for one in done.left
        ],
        "seconds": round(done.seconds, 3),
        "problems": list(done.problems),
    }


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def _by(halt: Halt) -> str:
    from datetime import UTC, datetime

    when = f"{datetime.fromtimestamp(halt.at, UTC):%Y-%m-%d %H:%M:%S} UTC" if halt.at else "some time ago"
    return f"by {halt.by}, {when}: {halt.why}"


def _who() -> str:
    import getpass
    import socket

    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "somebody"
    return f"{user}@{socket.gethostname()}"


def _line(text: str) -> str:
    return " ".join(text.split())


def _refuse(command: str, error: Exception) -> NoReturn:
    from runner.cli.slo.ending import fail

    fail(command, str(error), Exit.REFUSED)
