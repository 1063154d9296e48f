from typing import Any

import pytest

from clients.alertmanager import ReceivedAlert
from clients.pages import Page, PagedAlert
from clients.prometheus_alerts import ActiveAlert, RuleOfAlert
from runner.alerting.deadman import (
    Arrival,
    Link,
    arrived_link,
    due_within,
    firing_for,
    last_arrival,
    received_link,
    rule_links,
    settling,
    state_of,
)
from runner.alerting.routing import read_routing

NOW = 1000.0
FIRING = ActiveAlert({"alertname": "Watchdog"}, "firing", NOW - 90)


def rule(name: str = "Watchdog", healthy: bool | None = True, active: Any = (FIRING,)) -> RuleOfAlert:
    return RuleOfAlert(name, "vector(1)", 0.0, {}, {}, "general", 30.0, healthy, "no such function", NOW, active)


def alert(**changes: Any) -> ReceivedAlert:
    return ReceivedAlert(
        {"alertname": "Watchdog", "severity": "none"}, "f", ("deadman",), 0.0, NOW - 20, 1e9, **changes
    )


def states(links: Any) -> list[str]:
    return [link.state for link in links]


def test_a_rule_that_fires_is_well() -> None:
    loaded, firing = rule_links("Watchdog", [rule("Other", active=()), rule()], NOW)
    assert (loaded.state, loaded.detail) == ("ok", "group general, every 30 s")
    assert (firing.state, firing.detail) == ("ok", "for 1m30s")


@pytest.mark.parametrize(
    ("rules", "wanted", "said"),
    [
        ([], ["broken", "broken"], "no rule called Watchdog"),
        ([rule("AlwaysOn")], ["broken", "broken"], "--alert AlwaysOn"),
        ([rule(healthy=False)], ["broken", "ok"], "no such function"),
        ([rule(active=())], ["ok", "broken"], "does not fire"),
        ([rule(active=(ActiveAlert({}, "pending", NOW),))], ["ok", "broken"], "does not fire"),
    ],
)
def test_a_rule_that_is_gone_fails_or_does_not_fire_breaks_the_path(
    rules: list[RuleOfAlert], wanted: list[str], said: str
) -> None:
    links = rule_links("Watchdog", rules, NOW)
    assert states(links) == wanted
    assert said in " ".join(link.detail for link in links)


def test_alertmanager_has_to_have_it_and_not_to_mute_it() -> None:
    assert received_link([alert()], NOW) == Link("received", "ok", "Prometheus sent it last 20 s ago")
    assert received_link([], NOW).state == "broken"
    assert "silence id-1" in received_link([alert(silenced_by=("id-1",))], NOW).detail
    assert received_link([alert(), alert(inhibited_by=("f",))], NOW).state == "broken"


def test_how_often_it_has_to_come_is_what_its_route_says() -> None:
    routing = read_routing(
        """
route:
  receiver: a
  group_interval: 1m
  routes:
    - {matchers: [alertname="Watchdog"], receiver: deadman, repeat_interval: 5m, continue: true}
    - {matchers: [severity="none"], receiver: a, repeat_interval: 1h}
"""
    )
    assert due_within(routing, alert()) == {"deadman": 365.0, "a": 3665.0}


def page(
    at: float, receiver: str = "deadman", name: str = "Watchdog", status: Any = "firing", answered: int = 200
) -> Page:
    return Page(1, at, receiver, status, "", (PagedAlert(status, {"alertname": name}),), answered)


def test_only_what_the_receiver_got_firing_and_took_has_arrived() -> None:
    others = [
        page(9, receiver="a"), page(9, name="Other"), page(9, status="resolved"), page(9, answered=500),
    ]  # fmt: skip
    assert last_arrival("Watchdog", "deadman", others) is None
    assert last_arrival("Watchdog", "deadman", [page(3), page(5), *others]) == 5


@pytest.mark.parametrize(
    ("arrivals", "state", "said"),
    [
        ([Arrival("a", 60, 5.0)], "ok", "a got it 5 s ago"),
        (
            [Arrival("a", 60, 5.0), Arrival("b", 60, 61.0)],
            "broken",
            "b got it 61 s ago, and should at least every 60 s",
        ),
        ([Arrival("a", 60, None)], "broken", "has not got it"),
        ([], "broken", "no route"),
    ],
)
def test_every_receiver_has_to_get_it_in_time(arrivals: list[Arrival], state: str, said: str) -> None:
    link = arrived_link(arrivals)
    assert link.state == state
    assert said in link.detail


def test_what_cannot_be_seen_is_never_well() -> None:
    ok, broken, unknown = (Link("x", "ok", ""), Link("x", "broken", ""), Link("x", "unknown", ""))
    assert state_of([ok, ok]) == "ok"
    assert state_of([ok, unknown]) == "unknown"
    assert state_of([unknown, broken]) == "broken"
    assert state_of([]) == "unknown"


def test_what_may_still_come_is_not_called_broken() -> None:
    assert firing_for("Watchdog", [rule()], NOW) == 90
    assert firing_for("Watchdog", [rule(active=())], NOW) is None
    assert settling([90.0, 900.0]) < 0
    assert settling([90.0, 15.5]) == 59.5  # Alertmanager was started just now
    assert settling([None, None]) == 0
    link = received_link([], NOW, 59.5)
    assert link.state == "unknown"
    assert "Prometheus repeats it each minute, look again in 60 s" in link.detail
    assert arrived_link([Arrival("a", 60, None)], 3.0).state == "unknown"
    assert arrived_link([], 3.0).state == "broken"
    assert received_link([alert(silenced_by=("id-1",))], NOW, 3.0).state == "broken"
