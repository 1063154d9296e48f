"""Where an alert goes, as a page and as JSON."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from actions.alerts.matcher import Labels
from runner.alerting.labelled import Labelled
from runner.alerting.muted_now import MutedNow
from runner.alerting.routing import InhibitRule, Route, Routing
from runner.cli.slo.figures import printable
from runner.cli.slo.tables import facts


def route_page(
    routing: Routing, labels: Labels, muted: MutedNow | None, ruled: Labelled, problem: str
) -> Iterator[RenderableType]:
    """The receivers first, then what could mute it, and what does."""
    reached = routing.root.reached(labels)
    yield Text(
        printable(f"{_shown(labels)} reaches {', '.join(one.options.receiver for one in reached)}."), style="bold"
    )
    for note in ruled.notes:
        yield Text(printable(f"Note: {note}"), style="yellow")
    for route in reached:
        yield Text("")
        yield facts(_of_route(routing, route, labels))
    notes = [*_could(routing, labels), *_now(muted)]
    if notes:
        yield Text("")
        yield facts(notes)
    if problem:
        yield Text("")
        yield Text(printable(f"NOT AS ASKED: {problem}."), style="bold red")


def route_document(
    routing: Routing, labels: Labels, muted: MutedNow | None, ruled: Labelled, problem: str
) -> dict[str, Any]:
    """The same for machines. `muted_now` is null where no Alertmanager was asked, `by_rule` where no Prometheus was."""
    return {
        "labels": dict(labels),
        "receivers": list(routing.receivers_of(labels)),
        "routes": [_route_document(routing, route, labels) for route in routing.root.reached(labels)],
        "by_rule": [{"sets": dict(one.sets), "receivers": list(one.receivers)} for one in ruled.variants]
        if ruled.looked
        else None,
        "notes": list(ruled.notes),
        "inhibitions": [_inhibition_document(rule) for rule in routing.inhibitions_of(labels)],
        "muted_now": None
        if muted is None
        else {
            "inhibitions": [{**_inhibition_document(rule), "by": dict(by)} for rule, by in muted.inhibitions],
            "silences": [
                {"id": one.id, "created_by": one.created_by, "comment": one.comment, "ends_at": _time(one.ends_at)}
                for one in muted.silences
            ],
        },
        "as_asked": not problem,
        "problem": problem,
    }


def _route_document(routing: Routing, route: Route, labels: Labels) -> dict[str, Any]:
    options = route.options
    receiver = routing.receivers.get(options.receiver)
    return {
        "route": route.place,
        "matchers": [str(one) for one in route.matchers],
        "receiver": options.receiver,
        "integrations": list(receiver.integrations) if receiver else [],
        "group_by": list(options.group_by),
        "group": options.group_of(labels),
        "group_wait": options.group_wait,
        "group_interval": options.group_interval,
        "repeat_interval": options.repeat_interval,
        "mute_time_intervals": list(options.mute_times),
        "active_time_intervals": list(options.active_times),
    }


def _inhibition_document(rule: InhibitRule) -> dict[str, Any]:
    return {
        "rule": rule.place,
        "source": [str(one) for one in rule.source],
        "target": [str(one) for one in rule.target],
        "equal": list(rule.equal),
    }


def _of_route(routing: Routing, route: Route, labels: Labels) -> Iterator[tuple[str, str]]:
    options = route.options
    yield "Receiver", printable(f"{options.receiver} (notifies {_integrations(routing, options.receiver)})")
    yield "Route", printable(_route(route))
    yield "Group", printable(_shown(options.group_of(labels)))
    again = f"again after {options.repeat_interval}"
    yield "Times", f"first after {options.group_wait}, changes after {options.group_interval}, {again}"
    for names, what in ((options.mute_times, "Not in"), (options.active_times, "Only in")):
        if names:
            yield what, printable(", ".join(names))


def _could(routing: Routing, labels: Labels) -> Iterator[tuple[str, str]]:
    for rule in routing.inhibitions_of(labels):
        source = ", ".join(map(str, rule.source))
        equal = f" with the same {', '.join(rule.equal)}" if rule.equal else ""
        yield "Could be muted", printable(f"by an alert with {{{source}}}{equal} ({rule.place})")


def _now(muted: MutedNow | None) -> Iterator[tuple[str, str]]:
    if muted is None:
        return
    for rule, by in muted.inhibitions:
        yield "MUTED NOW", printable(f"by {_shown(by)} ({rule.place})")
    for one in muted.silences:
        until = datetime.fromtimestamp(one.ends_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
        yield "SILENCED NOW", printable(f"by {one.created_by} until {until}: {one.comment} ({one.id})")
    if not muted:
        yield "Now", "nothing mutes it"


def _integrations(routing: Routing, name: str) -> str:
    receiver = routing.receivers.get(name)
    return f"by {', '.join(receiver.integrations)}" if receiver and receiver.integrations else "nobody"


def _route(route: Route) -> str:
    matchers = ", ".join(map(str, route.matchers))
    return f"{route.place} {{{matchers}}}" if matchers else route.place


def _shown(labels: Mapping[str, str]) -> str:
    inside = ", ".join(f'{name}="{value}"' for name, value in labels.items())
    return f"{{{inside}}}"


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
