from clients.prometheus_alerts import RuleOfAlert
from runner.experiment.guard_block import ExpectedAlert
from runner.plan.expected_alerts import unknown_alerts


def rule(name: str, severity: str) -> RuleOfAlert:
    return RuleOfAlert(name, "1", 0.0, {"severity": severity}, {}, "g", 1.0, True, "", None, ())


def expected(alert: str = "LlmBurn", severity: str = "page") -> ExpectedAlert:
    return ExpectedAlert(alert=alert, severity=severity, fires_within="90s", receiver="oncall")


RULES = [rule("LlmBurn", "page"), rule("LlmBurn", "ticket"), rule("Any", "{{ $labels.severity }}")]


def test_an_alert_that_a_rule_can_fire_is_not_spoken_of() -> None:
    assert list(unknown_alerts([expected(), expected("Any")], RULES)) == []


def test_a_name_that_no_rule_has_is_told_with_what_may_be_meant() -> None:
    (warning,) = unknown_alerts([expected("LlmBrun")], RULES)
    assert warning == "expected alert LlmBrun: Prometheus has no rule of this name: did you mean LlmBurn?"
    (warning,) = unknown_alerts([expected("Else")], RULES)
    assert warning.endswith("no rule of this name")


def test_a_severity_that_no_rule_of_that_name_has_is_told() -> None:
    (warning,) = unknown_alerts([expected(severity="pge")], RULES)
    assert warning == (
        "expected alert LlmBurn: no rule of this name has severity pge, they have page, ticket: did you mean page?"
    )
