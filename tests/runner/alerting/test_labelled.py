from clients.prometheus_alerts import RuleOfAlert
from runner.alerting.labelled import Variant, labelled
from runner.alerting.routing import read_routing

ROUTING = read_routing(
    """
route: {receiver: tickets, routes: [{matchers: [severity="page"], receiver: oncall}]}
receivers: [{name: tickets}, {name: oncall}]
"""
)


def rule(**labels: str) -> RuleOfAlert:
    return RuleOfAlert("LlmBurn", "vector(1)", 0.0, labels, {}, "g", 1.0, True, "", None, ())


RULES = [rule(severity="page", slo="a"), rule(severity="ticket", slo="a")]


def test_a_bare_name_is_told_with_every_variant_of_its_rules() -> None:
    found = labelled(RULES, {"alertname": "LlmBurn"}, ROUTING)
    assert found.variants == (
        Variant({"severity": "page", "slo": "a"}, ("oncall",)),
        Variant({"severity": "ticket", "slo": "a"}, ("tickets",)),
    )
    assert found.notes[0] == "its rule also sets severity=page, slo=a; with those: oncall"


def test_of_the_rules_only_those_count_that_agree_with_what_was_typed() -> None:
    found = labelled(RULES, {"alertname": "LlmBurn", "severity": "page"}, ROUTING)
    assert found.variants == (Variant({"slo": "a"}, ("oncall",)),)
    assert labelled(RULES, {"alertname": "LlmBurn", "severity": "page", "slo": "a"}, ROUTING).notes == ()


def test_a_misspelt_value_is_told_with_what_the_rules_set() -> None:
    found = labelled(RULES, {"alertname": "LlmBurn", "severity": "pge"}, ROUTING)
    assert [one.receivers for one in found.variants] == [("oncall",), ("tickets",)]


def test_a_name_that_no_rule_has_is_told_with_what_may_be_meant() -> None:
    (note,) = labelled(RULES, {"alertname": "LlmBrun"}, ROUTING).notes
    assert note == "Prometheus has no rule called LlmBrun: did you mean LlmBurn?"


def test_labels_that_are_templates_and_alerts_without_a_name_add_nothing() -> None:
    assert labelled([rule(severity="{{ $labels.severity }}")], {"alertname": "LlmBurn"}, ROUTING).notes == ()
    assert labelled(RULES, {"severity": "page"}, ROUTING).notes == ()
