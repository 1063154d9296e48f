import pytest

from lab.controllers.controller import Options
from lab.controllers.pod_gc import removal
from lab.controllers.taints import UNREACHABLE
from lab.kubeclient import Document
from tests.lab.controllers.objects import node, pod, taint

OPTIONS = Options(force_delete_seconds=2, orphan_pod_seconds=40)
LOST = node("a", taints=[taint(UNREACHABLE, "NoExecute")])


@pytest.mark.parametrize(
    ("of", "on", "seconds"),
    [
        (pod(node="a"), node("a"), None),
        (pod(node="a", going=True), node("a"), None),
        (pod(node="a"), LOST, None),
        (pod(node="a", going=True), LOST, 2),
        (pod(node="gone"), None, 40),
        (pod(node="gone", going=True), None, 40),
        (pod(), None, None),
        (pod(going=True), None, 0),
    ],
)
def test_only_pods_that_nobody_can_finish_are_removed(of: Document, on: Document | None, seconds: float | None) -> None:
    found = removal(of, on, OPTIONS)
    assert (None if found is None else found[1]) == seconds
