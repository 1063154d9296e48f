"""Which alerts are meant."""

from dataclasses import replace

import pytest

from runner.alerting.expectation import AmbiguousError, of_one_slo
from tests.runner.alerting.story import EXPECTED, LABELS, RULE

OF_B = replace(RULE, labels={**LABELS, "slo": "b"})
OF_C = replace(RULE, labels={**LABELS, "slo": "c"})


def declared(slo: str) -> bool:
    return slo == "b"


def test_an_alert_of_another_slo_is_not_the_one_that_is_meant() -> None:
    meant = replace(EXPECTED, slo="a")
    assert meant.matches(LABELS)
    assert not meant.matches({**LABELS, "slo": "b"})
    assert meant.is_of(RULE)
    assert not meant.is_of(OF_B)
    assert meant.is_of(replace(RULE, labels={**LABELS, "slo": "{{ $labels.service }}"}))


def test_of_the_slos_of_its_rules_that_of_the_guard_is_meant() -> None:
    (meant,) = of_one_slo((EXPECTED,), (RULE, OF_B), ("a", "other"), declared)
    assert meant.slo == "a"


def test_the_slo_of_its_only_rule_is_meant_also_where_the_guard_does_not_watch_it() -> None:
    (meant,) = of_one_slo((EXPECTED,), (OF_B,), ("a",), declared)
    assert meant.slo == "b"


def test_an_alert_whose_only_rule_is_of_an_slo_that_nobody_declared_is_refused() -> None:
    with pytest.raises(AmbiguousError, match=r"\(its rules are of c\): say"):
        of_one_slo((EXPECTED,), (OF_C,), ("a",), declared)


@pytest.mark.parametrize("own", [(), ("a", "b"), ("other",)])
def test_an_alert_of_several_slos_of_which_not_one_is_the_guards_is_refused(own: tuple[str, ...]) -> None:
    with pytest.raises(AmbiguousError, match="of a, b, c"):
        of_one_slo((EXPECTED,), (RULE, OF_B, OF_C), own, declared)


def test_the_slo_that_is_declared_is_meant() -> None:
    said = replace(EXPECTED, slo="c")
    assert of_one_slo((said,), (RULE, OF_B, OF_C), ("a",), declared) == (said,)


def test_an_alert_without_rule_or_with_a_template_for_its_slo_is_left_as_it_is() -> None:
    template = replace(RULE, labels={**LABELS, "slo": "{{ $labels.service }}"})
    assert of_one_slo((EXPECTED,), (), ("a",), declared) == (EXPECTED,)
    assert of_one_slo((EXPECTED,), (template,), ("a",), declared) == (EXPECTED,)
    unlabelled = replace(RULE, labels={"alertname": "Burn", "severity": "page"})
    assert of_one_slo((EXPECTED,), (unlabelled,), ("a",), declared) == (EXPECTED,)
