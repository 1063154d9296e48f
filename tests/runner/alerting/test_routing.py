import json

import pytest

from runner.alerting.routing import Options, Receiver, RoutingError, read_routing

TREE = """
route:
  receiver: tickets
  group_by: [alertname, slo]
  group_wait: 10s
  routes:
    - matchers: [alertname="Watchdog"]
      receiver: deadman
      repeat_interval: 10s
    - match: {team: ml}
      continue: true
      receiver: copy
      mute_time_intervals: [nights]
    - matchers: ['severity="page"']
      receiver: oncall
      group_by: ['...']
      routes:
        - match_re: {slo: 'llm-.*|ranker'}
          receiver: llm-oncall
          active_time_intervals: [days]
        - matchers: ['slo!~"llm-.*"', critical!=yes]
          group_interval: 1m
inhibit_rules:
  - {source_matchers: [severity="page"], target_matchers: [severity="ticket"], equal: [slo]}
  - {source_match: {alertname: NodeDown}, target_match_re: {alertname: 'Node.*'}, equal: [node]}
receivers:
  - {name: tickets, webhook_configs: [{url: http://x}], email_configs: [{to: a@b.c}]}
  - {name: deadman}
  - {name: copy}
  - {name: oncall, pagerduty_configs: [{routing_key: x}]}
  - {name: llm-oncall}
time_intervals: [{name: nights}, {name: days}]
"""
ROUTING = read_routing(TREE)


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ({}, ["tickets"]),
        ({"alertname": "Watchdog", "severity": "page"}, ["deadman"]),
        ({"severity": "page"}, ["oncall"]),
        ({"severity": "page", "slo": "llm-ttft"}, ["llm-oncall"]),
        ({"severity": "page", "slo": "my-llm-ttft", "critical": "yes"}, ["oncall"]),
        ({"severity": "page", "slo": "llm-ttft", "team": "ml"}, ["copy", "llm-oncall"]),
        ({"team": "ml"}, ["copy"]),
    ],
)
def test_an_alert_reaches_the_deepest_routes_that_fit(labels: dict[str, str], receivers: list[str]) -> None:
    assert list(ROUTING.receivers_of(labels)) == receivers


def test_a_route_inherits_what_it_does_not_say_but_for_time_intervals() -> None:
    (copy, llm) = ROUTING.root.reached({"severity": "page", "slo": "llm-ttft", "team": "ml"})
    assert copy.place == "route.routes[1]"
    assert copy.options == Options("copy", ("alertname", "slo"), "10s", "5m", "4h", ("nights",), ())
    assert llm.place == "route.routes[2].routes[0]"
    assert llm.options == Options("llm-oncall", ("...",), "10s", "5m", "4h", (), ("days",))


def test_a_group_is_named_by_the_labels_that_the_alert_has() -> None:
    labels = {"slo": "a", "severity": "page", "alertname": "B"}
    assert Options("x", ("alertname", "slo", "cluster")).group_of(labels) == {"alertname": "B", "slo": "a"}
    assert Options("x", ("...",)).group_of(labels) == labels
    assert Options("x").group_of(labels) == {}


def test_what_a_receiver_notifies_by_is_told() -> None:
    assert ROUTING.receivers["tickets"] == Receiver("tickets", ("webhook", "email"), ("webhook", "email"))
    assert ROUTING.receivers["deadman"].integrations == ()


def inhibited(labels: dict[str, str], *others: dict[str, str]) -> list[str]:
    return [rule.place for rule, _ in ROUTING.inhibited_by(labels, others)]


def test_an_alert_is_inhibited_by_another_with_equal_labels() -> None:
    ticket = {"severity": "ticket", "slo": "a"}
    assert inhibited(ticket, {"severity": "page", "slo": "b"}) == []
    assert inhibited(ticket, {"severity": "page", "slo": "b"}, {"severity": "page", "slo": "a"}) == ["inhibit_rules[0]"]
    assert inhibited({"severity": "ticket"}, {"severity": "page"}) == ["inhibit_rules[0]"]  # neither has the label
    assert inhibited({"severity": "page", "slo": "a"}, {"severity": "page", "slo": "a"}) == []


def test_an_alert_that_is_source_and_target_is_not_muted_by_another_such() -> None:
    down = {"alertname": "NodeDown", "node": "1"}
    assert inhibited(down, dict(down)) == []
    assert inhibited({"alertname": "NodeSlow", "node": "1"}, down) == ["inhibit_rules[1]"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: [", "not YAML"),
        ("{}", "no route"),
        ("route: {routes: []}", "no receiver"),
        ("route: {receiver: a, routes: [{matchers: [page]}]}", r"route\.routes\[0\]: 'page' is no matcher"),
        (r"route: {receiver: a, routes: [{matchers: ['a=~\"\\pL\"']}]}", r"route\.routes\[0\].*cannot be told here"),
        ("route: {receiver: a, routes: {}}", ""),
        ("route: {receiver: a, routes: [a]}", r"route\.routes is not a list of objects"),
        ("route: {receiver: a, group_by: a}", r"route\.group_by is not a list"),
        ("route: {receiver: a, match: [a]}", "not of the shape"),
    ],
)
def test_a_configuration_that_cannot_be_told_is_an_error_with_its_place(text: str, problem: str) -> None:
    if not problem:
        assert read_routing(text).root.routes == ()
        return
    with pytest.raises(RoutingError, match=problem):
        read_routing(text)


def test_json_is_a_configuration_too() -> None:
    assert read_routing(json.dumps({"route": {"receiver": "a"}})).receivers_of({}) == ("a",)
