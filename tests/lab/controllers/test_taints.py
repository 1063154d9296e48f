import math

import pytest

from lab.controllers.taints import seconds_tolerated, tolerates, untolerated
from lab.kubeclient import Document
from tests.lab.controllers.objects import taint

GPU = taint("gpu", "NoSchedule", "present")
LOST = taint("lost", "NoExecute")


@pytest.mark.parametrize(
    ("toleration", "expected"),
    [
        ({"key": "gpu", "operator": "Exists"}, True),
        ({"key": "gpu", "value": "present"}, True),
        ({"key": "gpu", "operator": "Equal", "value": "absent"}, False),
        ({"key": "gpu"}, False),
        ({"key": "other", "operator": "Exists"}, False),
        ({"operator": "Exists"}, True),
        ({"operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}, True),
        ({}, False),
    ],
)
def test_tolerations(toleration: Document, expected: bool) -> None:
    assert tolerates(toleration, GPU) is expected


def test_only_taints_with_the_effects_asked_for_count() -> None:
    assert untolerated([GPU, LOST], [], ["NoExecute"]) == LOST
    assert untolerated([GPU], [], ["NoExecute"]) is None
    assert untolerated([GPU, LOST], [{"operator": "Exists"}], ["NoSchedule", "NoExecute"]) is None


@pytest.mark.parametrize(
    ("tolerations", "seconds"),
    [
        ([], 0),
        ([{"key": "lost", "operator": "Exists"}], math.inf),
        ([{"key": "lost", "operator": "Exists", "tolerationSeconds": 2}], 2),
        ([{"key": "lost", "operator": "Exists", "tolerationSeconds": -5}], 0),
        ([{"operator": "Exists"}, {"key": "lost", "operator": "Exists", "tolerationSeconds": 3}], 3),
        ([{"key": "other", "operator": "Exists", "tolerationSeconds": 3}], 0),
    ],
)
def test_how_long_a_pod_may_stay(tolerations: list[Document], seconds: float) -> None:
    assert seconds_tolerated([GPU, LOST], tolerations) == seconds


def test_a_pod_may_stay_for_ever_without_no_execute_taints() -> None:
    assert seconds_tolerated([GPU], []) == math.inf


def test_every_no_execute_taint_must_be_tolerated() -> None:
    tolerations = [{"key": "lost", "operator": "Exists", "tolerationSeconds": 9}]
    assert seconds_tolerated([LOST, taint("hot", "NoExecute")], tolerations) == 0
