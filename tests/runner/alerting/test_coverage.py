from typing import Any

from clients.prometheus_alerts import RuleOfAlert
from runner.alerting.coverage import Coverage, CoveredAlert, cover
from runner.alerting.timeline import AlertTimeline, Outcome, StageSeen
from runner.store.values import AlertProof, AlertTry

NOW = 1_000_000.0


def rule(name: str = "Burn", severity: str = "page", **changes: Any) -> RuleOfAlert:
    labels = {"severity": severity, "slo": "a", "tier": "fast-page"} | changes.pop("labels", {})
    healthy = changes.pop("healthy", True)
    return RuleOfAlert(name, "x > 1", 0.0, labels, {}, "g", 5.0, healthy, "it is broken", NOW, ())


def a_try(outcome: Outcome = "proven", age: float = 100.0, alert: str = "Burn") -> AlertTry:
    stages = (StageSeen("fault", 10.0), StageSeen("firing", 16.5), StageSeen("notified", 18.0))
    timeline = AlertTimeline(alert, "a", "page", "oncall", stages, 30.0, None, outcome, predicted_at=15.0)
    return AlertTry(f"run-{age:g}", "title", NOW - age, timeline)


def proof(last: AlertTry, last_proven: AlertTry | None, slo: str = "a", alert: str = "Burn") -> AlertProof:
    return AlertProof(alert, slo, "page", 3, 0 if last_proven is None else 2, last, last_proven)


def one(coverage: Coverage) -> CoveredAlert:
    (found,) = coverage.alerts
    return found


def covered(*proofs: AlertProof, oldest: float | None = None) -> CoveredAlert:
    return one(cover([rule()], proofs, "page", NOW, oldest))


def test_an_alert_that_no_run_expected_was_never_tried() -> None:
    found = covered()
    assert (found.state, found.covered, found.tries) == ("never tried", False, 0)


def test_a_proof_covers_it() -> None:
    proven = a_try()
    found = covered(proof(proven, proven))
    assert (found.state, found.covered, found.tries, found.proven) == ("proven", True, 3, 2)
    assert found.last_proven == proven


def test_runs_that_did_not_prove_it_do_not_cover_it() -> None:
    assert covered(proof(a_try("unknown"), None)).state == "never proven"
    assert covered(proof(a_try("lost"), None)).state == "never proven"


def test_a_later_run_that_lost_it_takes_the_proof_back_and_one_that_could_not_tell_does_not() -> None:
    proven = a_try(age=100)
    assert covered(proof(a_try("lost", age=50), proven)).state == "lost"
    assert covered(proof(a_try("unknown", age=50), proven)).state == "proven"
    assert covered(proof(a_try("lost", age=200), proven)).state == "proven"


def test_a_proof_that_is_too_old_has_to_be_given_again() -> None:
    proven = a_try(age=100)
    assert covered(proof(proven, proven), oldest=99).state == "old"
    assert covered(proof(proven, proven), oldest=101).state == "proven"


def test_a_rule_that_fails_covers_nothing_whatever_was_proven() -> None:
    proven = a_try()
    found = one(cover([rule(), rule(healthy=False)], [proof(proven, proven)], "page", NOW, None))
    assert (found.covered, found.problem) == (False, "it is broken")


def test_tiers_of_one_slo_are_one_row_and_other_severities_are_none() -> None:
    rules = [rule(), rule(labels={"tier": "slow-page"}), rule(severity="ticket"), rule(labels={"slo": "b"})]
    found = cover(rules, [], "page", NOW, None).alerts
    assert [(alert.slo, alert.tiers) for alert in found] == [("a", ("fast-page", "slow-page")), ("b", ("fast-page",))]


def test_what_was_proven_and_has_no_rule_any_more_is_gone_and_comes_first() -> None:
    proven, deleted = a_try(), a_try(alert="Deleted")
    proofs = [
        proof(proven, proven),
        proof(deleted, deleted, alert="Deleted"),
        proof(a_try("lost"), None, alert="Never"),
    ]
    coverage = cover([rule()], proofs, "page", NOW, None)
    assert [(alert.alert, alert.state) for alert in coverage.alerts] == [("Deleted", "gone"), ("Burn", "proven")]
    assert not coverage.whole


def test_a_proof_without_an_slo_is_about_the_alert_of_its_name() -> None:
    proven = a_try()
    assert covered(proof(proven, proven, slo="")).covered
    other = cover([rule()], [proof(proven, proven, slo="another")], "page", NOW, None)
    assert [(alert.slo, alert.state) for alert in other.alerts] == [("a", "never tried"), ("another", "gone")]


def test_nothing_at_all_is_not_whole_nor_is_a_severity_that_cannot_be_told() -> None:
    assert not cover([], [], "page", NOW, None).whole
    proven = a_try()
    templated = rule(name="Templated", severity="{{ $labels.severity }}")
    coverage = cover([rule(), templated], [proof(proven, proven)], "page", NOW, None)
    assert (coverage.untold, coverage.covered, coverage.whole) == (("Templated",), 1, False)
    assert cover([rule()], [proof(proven, proven)], "page", NOW, None).whole
