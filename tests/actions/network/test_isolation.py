"""What a NetworkPolicy cuts off, on values."""

from typing import Any

import pytest

from actions.network.isolation import Direction, deny_all, letting_through, mark_of

POD = {"app": "llm"}


def policy(name: str, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"podSelector": {"matchLabels": POD}, **spec}}


RULE: list[dict[str, Any]] = [{"from": [{"podSelector": {}}]}]
OUT: list[dict[str, Any]] = [{"to": [{"podSelector": {}}]}]


@pytest.mark.parametrize(
    ("spec", "direction", "through"),
    [
        ({"policyTypes": ["Ingress"], "ingress": RULE}, "ingress", True),
        ({"policyTypes": ["Ingress"], "ingress": RULE}, "egress", False),
        ({"policyTypes": ["Ingress"], "ingress": RULE}, "both", True),
        ({"policyTypes": ["Ingress"]}, "both", False),
        ({"ingress": RULE}, "ingress", True),
        ({"egress": OUT}, "egress", True),
        ({"policyTypes": ["Ingress"], "egress": OUT}, "egress", False),
    ],
)
def test_policies_that_allow_what_is_to_be_cut_off_are_named(
    spec: dict[str, Any], direction: Direction, through: bool
) -> None:
    assert letting_through([policy("allow", **spec)], POD, direction) == (("allow",) if through else ())


def test_policies_about_other_pods_do_not_matter() -> None:
    allow = policy("allow", policyTypes=["Ingress"], ingress=RULE)
    assert letting_through([allow], {"app": "ranker"}, "ingress") == ()


def test_a_policy_about_every_pod_matters() -> None:
    everybody = {"metadata": {"name": "all"}, "spec": {"podSelector": {}, "ingress": RULE}}
    assert letting_through([everybody], {}, "ingress") == ("all",)


def test_a_policy_has_no_rules_and_tells_its_run_and_expiry() -> None:
    tag = "mlchaos-20270115t080000z-abcdef-01234567"
    made = deny_all(tag, "ml-serving", "20270115T080000Z-abcdef", 1_800_000_000.0, "both")
    assert made["spec"] == {
        "podSelector": {"matchLabels": {mark_of(tag): "20270115T080000Z"}},
        "policyTypes": ["Ingress", "Egress"],
    }
    assert made["metadata"]["labels"] == {
        "app.kubernetes.io/managed-by": "mlchaos",
        "mlchaos.io/run": "20270115T080000Z-abcdef",
    }
    assert made["metadata"]["annotations"] == {"mlchaos.io/expires": "20270115T080000Z"}
