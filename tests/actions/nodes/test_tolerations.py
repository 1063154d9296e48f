"""Who a taint drives away, by the rules of Kubernetes."""

import math
from typing import Any

import pytest

from actions.nodes.node import Taint
from actions.nodes.tolerations import driven_away, seconds_tolerated

TAINT = Taint("lost", "NoExecute", "yes")


@pytest.mark.parametrize(
    ("tolerations", "seconds"),
    [
        ([], 0),
        ([{"operator": "Exists"}], math.inf),
        ([{"key": "lost", "operator": "Exists"}], math.inf),
        ([{"key": "lost", "value": "yes"}], math.inf),
        ([{"key": "lost", "operator": "Equal", "value": "yes", "effect": "NoExecute"}], math.inf),
        ([{"key": "lost", "value": "no"}], 0),
        ([{"key": "lost"}], 0),
        ([{"key": "other", "operator": "Exists"}], 0),
        ([{"key": "lost", "operator": "Exists", "effect": "NoSchedule"}], 0),
        ([{"key": "lost", "operator": "Exists", "tolerationSeconds": 300}], 300),
        ([{"key": "lost", "operator": "Exists", "tolerationSeconds": 0}, {"operator": "Exists"}], 0),
        ([{"operator": "Exists", "tolerationSeconds": 9}, {"key": "lost", "value": "yes", "tolerationSeconds": 5}], 5),
    ],
)
def test_the_shortest_toleration_that_covers_the_taint_counts(tolerations: list[Any], seconds: float) -> None:
    assert seconds_tolerated(tolerations, TAINT) == seconds


def pod(annotations: dict[str, str] | None = None, tolerations: list[Any] | None = None) -> dict[str, Any]:
    return {"metadata": {"annotations": annotations}, "spec": {"tolerations": tolerations}}


def test_a_pod_that_may_stay_a_while_must_go_all_the_same() -> None:
    assert driven_away(pod(tolerations=[{"operator": "Exists", "tolerationSeconds": 300}]), TAINT)
    assert not driven_away(pod(tolerations=[{"operator": "Exists"}]), TAINT)


def test_no_schedule_drives_nobody_away() -> None:
    assert not driven_away(pod(), Taint("lost", "NoSchedule"))


def test_static_pods_stay() -> None:
    assert not driven_away(pod({"kubernetes.io/config.mirror": "x"}), TAINT)
