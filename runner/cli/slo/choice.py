"""Which SLOs a command is about: named, declared in files, of a service, or all that are recorded."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import click

from clients.prometheus import Prometheus
from runner.slo.names import did_you_mean, recorded_names
from runner.slo.status import read_statuses
from slos.budget.reasons import NO_RULES
from slos.budget.status import SloStatus
from slos.definition import definition
from slos.model import Slo

F = TypeVar("F", bound=Callable[..., None])


def choice_options(command: F) -> F:
    for option in (
        click.argument("names", nargs=-1, metavar="[NAME]..."),
        click.option("--service", metavar="S", help="Those of this service."),
        click.option(
            "--file",
            "files",
            multiple=True,
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Those that a file or directory declares; may be given again.",
        ),
    ):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Choice:
    """The SLOs asked for. Without names and files it is every recorded one, of the service if there is one."""

    names: tuple[str, ...] = ()
    service: str | None = None
    declared: tuple[Slo, ...] = ()

    @property
    def all_names(self) -> tuple[str, ...]:
        return (*self.names, *(slo.name for slo in self.declared))


def choose(names: Sequence[str], service: str | None, files: Sequence[Path]) -> Choice:
    """The choice; ends the program with 2 when a file cannot be read, or is wrong. Files keep to the service, too."""
    declared: tuple[Slo, ...] = ()
    if files:
        from runner.cli.slo.loading import load_or_exit

        declared = load_or_exit(files).slos
        if service is not None:
            declared = tuple(slo for slo in declared if slo.service == service)
            if not declared:
                raise click.UsageError(f"the files declare no SLO of the service {service}")
    return Choice(tuple(names), service, declared)


def read_chosen(prometheus: Prometheus, at: float, choice: Choice, looking_back: bool) -> list[SloStatus]:
    """The statuses of those chosen, by name, at the time `at` (epoch seconds); `looking_back`: it is not now.

    What is not recorded is unknown, and says which name was probably meant. Raises PrometheusError.
    """
    statuses = {one.name: one for one in read_statuses(prometheus, at, choice.all_names, choice.service)}
    missing = [one for one in statuses.values() if not one.recorded]
    recorded = recorded_names(prometheus, at) if missing else ()
    for one in missing:
        statuses[one.name] = replace(one, reasons=(_why_unrecorded(one.name, recorded, looking_back),))
    for slo in choice.declared:
        status = statuses[slo.name]
        if not status.recorded:
            statuses[slo.name] = _as_declared(status, slo)
        elif (status.service, status.definition) != (slo.service, definition(slo)):
            statuses[slo.name] = _of_another_declaration(status, slo)
    return [statuses[name] for name in sorted(statuses)]


def nothing_recorded(url: str, choice: Choice, statuses: Sequence[SloStatus], looking_back: bool) -> str:
    """What to say when Prometheus, at `url`, has nothing of any of the SLOs chosen; `statuses` are what was read."""
    of = f" of the service {choice.service}" if choice.service is not None else ""
    if len(statuses) == 1:
        return f"{url}: {statuses[0].name}{of}: {statuses[0].reasons[0]}"
    which = ", ".join(choice.all_names[:3]) + (", ..." if len(choice.all_names) > 3 else "")
    what = f"nothing of {which}{of}" if which else f"no SLO{of}"
    when = " at that time" if looking_back else ""
    return f"{url} records {what}{when}: load the rules into it (chaos slo rules), or is it another Prometheus?"


def _why_unrecorded(name: str, recorded: Sequence[str], looking_back: bool) -> str:
    when = " at that time" if looking_back else ""
    if name in recorded:
        return f"nothing is recorded of it{when} for this service"
    remedy = did_you_mean(name, recorded) or NO_RULES
    return f"nothing is recorded of it{when}: {remedy}"


def _of_another_declaration(status: SloStatus, slo: Slo) -> SloStatus:
    """Unknown: what Prometheus records says nothing of the SLO that the file declares."""
    there = f"{status.objective:.10g} over {status.window}" if status.objective is not None else "another"
    reason = (
        f"what is recorded is not what the file declares ({there} of the service {status.service} there, "
        f"{slo.objective:.10g} over {slo.window.label} of the service {slo.service} here; or another indicator, "
        "minimum of events or tiers): load the rules of this file (chaos slo rules)"
    )
    known = dict.fromkeys(status.burn)
    return _as_declared(SloStatus(status.name, "unknown", (reason,), burn=known, read_at=status.read_at), slo)


def _as_declared(status: SloStatus, slo: Slo) -> SloStatus:
    return replace(
        status,
        service=slo.service,
        objective=slo.objective,
        window=slo.window.label,
        period_seconds=slo.window.seconds,
        alert=slo.alerting.name,
    )
