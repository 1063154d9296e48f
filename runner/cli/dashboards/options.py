"""What the commands that reach a Grafana share."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from runner.cli.slo.ending import fail
from runner.cli.slo.options import TimeoutSeconds, json_option
from runner.exit_codes import Exit

if TYPE_CHECKING:
    from clients.grafana import Grafana, GrafanaError
    from dashboards.committed import CommittedDashboard

F = TypeVar("F", bound=Callable[..., None])
NO_ADDRESS = "no address of Grafana is given: set GRAFANA_URL, and GRAFANA_TOKEN to the token of a service account"


def grafana_options(command: F) -> F:
    """Which dashboards, which Grafana, and how long it may take. The token comes from GRAFANA_TOKEN alone."""
    for option in reversed(
        (
            click.argument("names", nargs=-1, metavar="[NAME]..."),
            click.option(
                "--grafana", "url", envvar="GRAFANA_URL", show_envvar=True, default="", help="Address of Grafana."
            ),
            click.option(
                "--folder",
                "folder_uid",
                metavar="UID",
                default="mlchaos",
                show_default=True,
                help="Uid of the folder in Grafana; it is made when there is none.",
            ),
            click.option(
                "--from",
                "directory",
                type=click.Path(exists=True, file_okay=False, path_type=Path),
                help="Take the dashboards of this directory.  [default: those that come with mlchaos]",
            ),
            click.option(
                "--timeout",
                "timeout_seconds",
                type=TimeoutSeconds(),
                default=10.0,
                show_default=True,
                help="Seconds that Grafana may take for one answer.",
            ),
            json_option,
        )
    ):
        command = option(command)
    return command


def chosen(command: str, directory: Path | None, names: Sequence[str]) -> "tuple[CommittedDashboard, ...]":
    """The dashboards named, or all; else the command ends and says what there is."""
    from dashboards.committed import DIRECTORY, DashboardFileError, read

    try:
        found = read(directory or DIRECTORY)
    except DashboardFileError as error:
        fail(command, str(error), Exit.REFUSED)
    known = {dashboard.name: dashboard for dashboard in found}
    if unknown := [name for name in names if name not in known]:
        fail(command, f"no dashboard is called {', '.join(unknown)}; there are {', '.join(known)}", Exit.REFUSED)
    return tuple(known[name] for name in dict.fromkeys(names)) if names else found


def connected(command: str, url: str, timeout_seconds: float) -> "Grafana":
    """Grafana as a client; else the command ends and says what is missing."""
    import os

    from clients.grafana import Grafana, GrafanaError

    if not url:
        fail(command, NO_ADDRESS, Exit.REFUSED)
    try:
        return Grafana(url, os.environ.get("GRAFANA_TOKEN", ""), timeout_seconds)
    except GrafanaError as error:
        fail(command, str(error), Exit.REFUSED)


def give_up(command: str, error: "GrafanaError", more: Mapping[str, Any] | None = None) -> NoReturn:
    """End the command: 4 where Grafana did not answer, 2 where it refused."""
    from clients.grafana import TransientGrafanaError

    status = Exit.INCONCLUSIVE if isinstance(error, TransientGrafanaError) else Exit.REFUSED
    fail(command, str(error), status, more)
