"""Does the alert that always fires arrive? Link by link, from its rule to its receiver. Pure.

An alert path that is broken is silent, and so is one on which nothing happens. The alert that always fires tells them
apart: whoever does not get it any more knows that no other would come either.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from clients.alertmanager import ReceivedAlert
from clients.pages import Page
from clients.prometheus_alerts import RuleOfAlert
from runner.alerting.routing import Routing
from slos.duration import format_duration, parse_duration

LinkState = Literal["ok", "broken", "unknown"]
SLACK_SECONDS = 5.0
"""How much later than its time a notification may come: sending takes time, and clocks differ."""
ALWAYS = "vector(1)"
SETTLING_SECONDS = 75.0
"""Prometheus repeats an alert that fires each minute (--rules.alert.resend-delay), at the evaluation after that: for so
long after the alert began, or Alertmanager was started, what has not come may still come."""


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the path: whether it holds, and what was seen of it."""

    name: str
    state: LinkState
    detail: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """How often the alert has to come, and when it came last, in seconds (`age` None: never)."""

    receiver: str
    due: float
    age: float | None


def state_of(links: Sequence[Link]) -> LinkState:
    """That of the whole path: broken where one link is, unknown where one cannot be seen."""
    states = {link.state for link in links}
    return "broken" if "broken" in states else "unknown" if "unknown" in states or not links else "ok"


def settling(ages: Sequence[float | None]) -> float:
    """How many seconds it may still take to arrive, of how long the alert has fired and Alertmanager has been up."""
    return max((SETTLING_SECONDS - age for age in ages if age is not None), default=0.0)


def firing_for(alert: str, rules: Sequence[RuleOfAlert], now: float) -> float | None:
    """For how many seconds it has fired; None: it does not."""
    since = [one.active_at for rule in rules if rule.name == alert for one in rule.active if one.state == "firing"]
    return now - min(since) if since else None


def rule_links(alert: str, rules: Sequence[RuleOfAlert], now: float) -> tuple[Link, Link]:
    """What Prometheus says of it: is there a rule, and does it fire?"""
    named = [rule for rule in rules if rule.name == alert]
    if not named:
        always = sorted({rule.name for rule in rules if "".join(rule.query.split()) == ALWAYS})
        hint = f"; {' and '.join(always)} always fires: give --alert {always[0]}" if always else ""
        return (
            Link("rule", "broken", f"Prometheus has no rule called {alert}{hint}"),
            Link("firing", "broken", "what has no rule does not fire"),
        )
    failing = next((rule for rule in named if rule.healthy is False), None)
    rule = failing or named[0]
    said = f"group {rule.group}, every {rule.interval:g} s"
    loaded = Link("rule", "broken", f"its evaluation fails: {rule.problem}") if failing else Link("rule", "ok", said)
    fired = firing_for(alert, named, now)
    if fired is None:
        return loaded, Link("firing", "broken", "it does not fire, and it should always")
    return loaded, Link("firing", "ok", f"for {format_duration(max(round(fired), 1))}")


def received_link(alerts: Sequence[ReceivedAlert], now: float, settling_seconds: float = 0.0) -> Link:
    """What Alertmanager says: has it come, and is it kept from its receivers?"""
    if not alerts and settling_seconds > 0:
        return Link("received", "unknown", f"Alertmanager does not have it yet: {_look_again(settling_seconds)}")
    if not alerts:
        return Link("received", "broken", "Alertmanager does not have it: does Prometheus send to this Alertmanager?")
    muted = next((one for one in alerts if one.muted), None)
    if muted is not None:
        by = f"silence {', '.join(muted.silenced_by)}" if muted.silenced_by else "an inhibition"
        return Link("received", "broken", f"it is muted by {by}: nobody would miss it")
    newest = max(one.updated_at for one in alerts)
    return Link("received", "ok", f"Prometheus sent it last {max(now - newest, 0):.0f} s ago")


def due_within(routing: Routing, alert: ReceivedAlert) -> dict[str, float]:
    """The receivers of an alert, and the seconds within which each has to get it again and again.

    Alertmanager looks every group_interval whether repeat_interval is over.
    """
    due: dict[str, float] = {}
    for route in routing.root.reached(alert.labels):
        options = route.options
        seconds = parse_duration(options.repeat_interval) + parse_duration(options.group_interval) + SLACK_SECONDS
        due[options.receiver] = min(seconds, due.get(options.receiver, seconds))
    return due


def last_arrival(alert: str, receiver: str, pages: Sequence[Page]) -> float | None:
    """When the receiver last got it firing (seconds since the epoch), and took it."""
    times = [
        page.received_at
        for page in pages
        if page.accepted
        and page.receiver == receiver
        and any(one.name == alert and one.status == "firing" for one in page.alerts)
    ]
    return max(times, default=None)


def arrived_link(arrivals: Sequence[Arrival], settling_seconds: float = 0.0) -> Link:
    """What the keeper of pages says: has every receiver got it in time?"""
    if not arrivals:
        return Link("arrived", "broken", "no route sends it to anybody")
    late = [one for one in arrivals if one.age is None or one.age > one.due]
    told = "; ".join(_told(one) for one in late or arrivals)
    if late and settling_seconds > 0:
        return Link("arrived", "unknown", f"{told}: {_look_again(settling_seconds)}")
    return Link("arrived", "broken" if late else "ok", told)


def _look_again(seconds: float) -> str:
    return f"Prometheus repeats it each minute, look again in {math.ceil(seconds)} s"


def _told(one: Arrival) -> str:
    due = f"at least every {one.due:.0f} s"
    if one.age is None:
        return f"{one.receiver} has not got it, and should {due}"
    return f"{one.receiver} got it {max(one.age, 0):.0f} s ago, and should {due}"
