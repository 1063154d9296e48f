"""`chaos lab`: the small ML cluster on this machine. Heavy imports wait until a command really needs them."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from runner.cli.expired_notice import offer_recovery

if TYPE_CHECKING:
    from lab.directory import LabDirectory
    from lab.state import LabState

F = TypeVar("F", bound=Callable[..., None])

REFUSED = 2
FAILED = 5


def _directory_option(command: F) -> F:
    return click.option(
        "--dir",
        "directory",
        type=click.Path(file_okay=False, path_type=Path),
        envvar="MLCHAOS_LAB_DIR",
        show_envvar=True,
        help="Directory of the lab.  [default: ~/.local/state/mlchaos/lab]",
    )(command)


def _json_option(command: F) -> F:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")(command)


def _lab(directory: Path | None) -> LabDirectory:
    from lab.directory import LabDirectory, default_directory

    return LabDirectory((directory or default_directory()).absolute())


def _fail(error: Exception, status: int = REFUSED) -> None:
    click.echo(f"chaos lab: {error}", err=True)
    sys.exit(status)


@click.group(short_help="A small ML cluster on this machine, to try experiments in.")
def lab() -> None:
    """A small ML cluster on this machine, to try experiments in.

    \b
    chaos lab up                     start it (about 10 seconds)
    eval "$(chaos lab env)"          point kubectl and experiments at it
    chaos run experiments/serving/llm-pod-kill.yaml
    chaos lab down                   end it, and everything it started
    """
    offer_recovery()


@lab.command()
@_directory_option
@click.option(
    "--network",
    "octet",
    type=click.IntRange(1, 254),
    default=77,
    show_default=True,
    help="Second byte of the lab's loopback addresses (127.N.0.0/16): a lab beside another takes a number and a --dir "
    "of its own.",
)
@click.option("--bare", is_flag=True, help="The cluster alone: no workloads, no Prometheus, nothing else.")
@_json_option
def up(directory: Path | None, octet: int, bare: bool, as_json: bool) -> None:
    """Start the lab and wait until every workload is ready.

    \b
    Example: chaos lab up
             chaos lab up --dir /tmp/second --network 78
    """
    from lab.errors import LabError
    from lab.launch import up as start
    from lab.network import LabNetwork

    place = _lab(directory)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        state = start(place, LabNetwork(octet), bare, lambda step: click.echo(f"  {step}", err=True))
    except LabError as error:
        _fail(error)
        return
    except OSError as error:
        _fail(Exception(f"cannot write to {place.root}: {error}; name another directory with --dir"))
        return
    except KeyboardInterrupt:
        click.echo("chaos lab: interrupted; the lab is down again", err=True)
        sys.exit(130)
    if as_json:
        click.echo(state.model_dump_json(indent=2))
        return
    for missing in state.missing:
        click.echo(
            f"without {missing.name} (needed for {missing.needed_for}): bring it with `{missing.remedy}`", err=True
        )
    if not state.isolated:
        click.echo(
            "the kernel allows no PID namespaces here: what a pod starts in the background may outlive it until "
            "`chaos lab down`",
            err=True,
        )
    if state.rules_problem:
        click.echo(f"the lab runs without SLO rules: {state.rules_problem}", err=True)
    click.echo(f"The lab is ready after {state.ready_after:.1f} s in {place.root}")
    click.echo(f'Next: eval "$(chaos lab env{_dir_argument(directory)})"')


def _dir_argument(directory: Path | None) -> str:
    import shlex

    return f" --dir {shlex.quote(str(directory))}" if directory else ""


@lab.command()
@_directory_option
def down(directory: Path | None) -> None:
    """End the lab and every process that it started. Logs stay in its directory until the next `up`.

    \b
    Example: chaos lab down
    """
    from lab.errors import LabError
    from lab.launch import down as end

    place = _lab(directory)
    try:
        ended = end(place)
    except LabError as error:
        _fail(error, FAILED)
        return
    if not ended:
        click.echo(f"no lab runs in {place.root}", err=True)


@lab.command()
@_directory_option
@_json_option
def status(directory: Path | None, as_json: bool) -> None:
    """Show what of the lab runs. Exit status 0: ready; 1: not ready, or something of it is down; 2: no lab.

    \b
    Example: chaos lab status
    """
    from lab.errors import LabError
    from lab.launch import status as read

    place = _lab(directory)
    try:
        state = read(place)
    except LabError as error:
        _fail(error)
        return
    if state is None or state.phase == "stopped":
        _fail(Exception(f"no lab runs in {place.root}; start one with `chaos lab up`"))
        return
    if as_json:
        click.echo(state.model_dump_json(indent=2))
        running = all(component.running for component in state.components)
        healthy = state.phase == "ready" and running and not state.rules_problem
    else:
        healthy = _print_status(place, state)
    sys.exit(0 if healthy else 1)


def _print_status(place: LabDirectory, state: LabState) -> bool:
    """Is all of it well?"""
    from runner.cli.lab_status import headline, workloads_of

    workloads = workloads_of(place.kubeconfig) if state.phase in ("ready", "starting") else None
    click.echo(headline(state, workloads))
    click.echo(f"network 127.{state.octet}.0.0/16, directory {place.root}\n")
    click.echo(f"{'COMPONENT':<14}{'KIND':<15}{'STATE':<9}{'PID':<9}DETAIL")
    for component in state.components:
        running = "running" if component.running else "down"
        click.echo(f"{component.name:<14}{component.kind:<15}{running:<9}{component.pid or '-':<9}{component.detail}")
    for missing in state.missing:
        click.echo(f"{missing.name:<14}{'server':<15}{'missing':<9}{'-':<9}bring it with `{missing.remedy}`")
    if workloads is not None:
        click.echo("\n" + workloads.table())
    return headline(state, workloads) == "ready"


@lab.command()
@_directory_option
@_json_option
def env(directory: Path | None, as_json: bool) -> None:
    """Print the addresses of the running lab as shell exports.

    \b
    Example: eval "$(chaos lab env)"
    """
    from lab.environment import addresses
    from lab.errors import LabError

    try:
        variables = addresses(_lab(directory))
    except LabError as error:
        _fail(error)
        return
    if as_json:
        click.echo(json.dumps(variables, indent=2))
        return
    import shlex

    for name, value in variables.items():
        click.echo(f"export {name}={shlex.quote(value)}")


@lab.command()
@_directory_option
@click.option("-f", "--follow", is_flag=True, help="Go on printing what comes.")
@click.option(
    "-n", "--lines", type=click.IntRange(0), default=100, show_default=True, help="How many lines of the end."
)
@click.argument("component", required=False)
def logs(directory: Path | None, follow: bool, lines: int, component: str | None) -> None:
    """Print the log of one COMPONENT (as `chaos lab status` names them, or supervisor), or name those there are.

    Pods' logs: kubectl logs.

    \b
    Example: chaos lab logs prometheus
    """
    from lab.tail import components, tail

    place = _lab(directory)
    names = components(place)
    if component is None and names:
        click.echo("\n".join(names))
        return
    if component is None or component not in names:
        wanted = f"no log of {component!r} in" if component else "no logs in"
        remedy = f"choose one of: {', '.join(names)}" if names else "start a lab with `chaos lab up`"
        _fail(Exception(f"{wanted} {place.logs}; {remedy}"))
        return
    try:
        for line in tail(place.log(component), lines, follow):
            click.echo(line, nl=False)
    except KeyboardInterrupt:
        sys.exit(130)


@lab.command()
@_directory_option
@click.argument("component")
def stop(directory: Path | None, component: str) -> None:
    """Take a node or a server of the lab away (a node is lost with all its pods, as by a power cut).

    COMPONENT is cpu-a, cpu-b, gpu-a, gpu-b, prometheus, alertmanager, redis or toxiproxy.

    \b
    Example: chaos lab stop gpu-b
    """
    _ask(directory, "stop", component)


@lab.command()
@_directory_option
@click.argument("component")
def start(directory: Path | None, component: str) -> None:
    """Bring back a node or a server that was stopped or lost.

    COMPONENT is a name as `chaos lab status` shows it.

    \b
    Example: chaos lab start gpu-b
    """
    _ask(directory, "start", component)


def _ask(directory: Path | None, verb: str, component: str) -> None:
    from lab.control import Request, ask
    from lab.errors import LabError

    try:
        reply = ask(_lab(directory), Request.model_validate({"verb": verb, "component": component}))
    except LabError as error:
        _fail(error)
        return
    if reply.problem:
        _fail(Exception(f"{reply.problem}; {reply.remedy}"))
    click.echo(reply.detail)


@lab.command()
@click.option("--bring", is_flag=True, help="Bring those that are missing, as files only: no service is started.")
@_json_option
def servers(bring: bool, as_json: bool) -> None:
    """List the real servers that run beside the lab's cluster, or bring the missing ones.

    Exit status 0: all are there; 1: at least one is missing.

    \b
    Example: chaos lab servers --bring
    """
    from lab.bring import bring_missing
    from lab.servers import BRING, SERVERS, find, version

    problems: dict[str, str] = {}
    if bring:
        outcomes = bring_missing(lambda step: click.echo(f"  {step}", err=True))
        problems = {outcome.server.name: outcome.problem for outcome in outcomes if outcome.problem}
    rows = []
    for server in SERVERS:
        path = find(server)
        detail = version(server, path) if path else problems.get(server.name) or f"missing: `{BRING}`"
        rows.append({"name": server.name, "path": path, "detail": detail, "needed_for": server.needed_for})
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        for row in rows:
            click.echo(f"{row['name']:<14}{row['detail']}")
            click.echo(f"{'':<14}{row['path'] or 'needed for ' + str(row['needed_for'])}")
    sys.exit(0 if all(row["path"] for row in rows) else 1)
