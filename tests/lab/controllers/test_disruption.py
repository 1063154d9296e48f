from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.controllers.disruption import desired_healthy, status_of, still_granted, total_scale
from lab.controllers.timestamps import parse
from lab.kubeclient import Document
from tests.lab.controllers.objects import pod, reference

AT = parse("2026-01-01T00:10:00Z")


def budget(disrupted: dict[str, str] | None = None, **spec: Any) -> Document:
    return {"metadata": {"generation": 2}, "spec": spec, "status": {"disruptedPods": disrupted or {}}}


def allowed(of: Document, pods: list[Document], scale: int | None = None) -> int:
    return int(status_of(of, pods, len(pods) if scale is None else scale, AT)["disruptionsAllowed"])


@pytest.mark.parametrize(
    ("spec", "counted", "scale", "expected"),
    [
        ({"minAvailable": 2}, 3, 5, (3, 2)),
        ({"minAvailable": "50%"}, 3, 5, (5, 3)),
        ({"maxUnavailable": 1}, 3, 5, (5, 4)),
        ({"maxUnavailable": "30%"}, 3, 5, (5, 3)),
        ({"maxUnavailable": "100%"}, 3, 3, (3, 0)),
        ({"maxUnavailable": 9}, 3, 3, (3, 0)),
        ({}, 3, 3, (3, 1)),
    ],
)
def test_what_a_budget_asks_for(spec: Document, counted: int, scale: int, expected: tuple[int, int]) -> None:
    assert desired_healthy(spec, counted, scale) == expected


def test_only_healthy_pods_beyond_the_budget_may_be_evicted() -> None:
    pods = [
        pod("a"),
        pod("b"),
        pod("c"),
        pod("sick", ready=False),
        pod("going", going=True),
        pod("ended", phase="Failed"),
    ]
    status = status_of(budget(minAvailable=2), pods, 5, AT)
    assert (status["expectedPods"], status["currentHealthy"], status["desiredHealthy"]) == (5, 3, 2)
    assert status["disruptionsAllowed"] == 1
    assert status["observedGeneration"] == 2
    assert status["conditions"][0]["reason"] == "SufficientPods"


def test_no_pods_no_disruptions() -> None:
    assert allowed(budget(maxUnavailable=1), []) == 0


def test_a_granted_eviction_counts_until_its_pod_goes_or_two_minutes_are_over() -> None:
    pods = [pod("a"), pod("b")]
    assert allowed(budget({"a": "2026-01-01T00:09:00Z"}, minAvailable=1), pods) == 0
    assert allowed(budget({"a": "2026-01-01T00:07:00Z"}, minAvailable=1), pods) == 1
    assert still_granted({"a": "2026-01-01T00:09:59Z"}, [pod("a", going=True)], AT) == {}


def test_an_unchanged_budget_keeps_its_status_to_the_letter() -> None:
    first = status_of(budget(minAvailable=1), [pod("a")], 1, AT)
    again = {**budget(minAvailable=1), "status": first}
    assert status_of(again, [pod("a")], 1, AT) == first


def test_the_scale_of_each_controller_counts_once_and_bare_pods_count_themselves() -> None:
    owner = reference("ReplicaSet", "r", "u")
    pods = [pod("a", owner=owner), pod("b", owner=owner), pod("bare"), pod("c", owner=reference("Thing", "t", "v"))]
    scales = {"u": 5}
    assert total_scale(pods, lambda ref, _namespace: scales.get(ref["uid"])) == 7


@settings(deadline=None)
@given(st.integers(0, 20), st.one_of(st.integers(0, 25), st.integers(0, 100).map("{}%".format)), st.booleans())
def test_evicting_all_that_is_allowed_never_goes_below_what_is_desired(
    count: int, amount: int | str, least: bool
) -> None:
    of = budget(minAvailable=amount) if least else budget(maxUnavailable=amount)
    status = status_of(of, [pod(str(i)) for i in range(count)], count, AT)
    assert status["currentHealthy"] - status["disruptionsAllowed"] >= min(status["desiredHealthy"], count)
