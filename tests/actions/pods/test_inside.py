"""Which container of a pod is meant, and which must be left alone."""

import pytest

from actions.fault import RefusedError
from actions.pods.inside import DEFAULT_CONTAINER, choose_container
from actions.selection.pod import Container, Pod

MAIN, SIDE = Container("main", "containerd://1", running=True), Container("side", "containerd://2", running=True)


def pod(*containers: Container, shared: bool = False, main: str = "") -> Pod:
    annotations = {DEFAULT_CONTAINER: main} if main else {}
    return Pod("ml-serving", "llm-1", "uid-1", containers=containers, shared_processes=shared, annotations=annotations)


def test_the_only_container_the_named_one_and_the_default_one_are_clear() -> None:
    assert choose_container(pod(MAIN), "") == MAIN
    assert choose_container(pod(MAIN, SIDE), "side") == SIDE
    assert choose_container(pod(MAIN, SIDE, main="side"), "") == SIDE


@pytest.mark.parametrize(
    ("picked", "wanted", "reason"),
    [
        (pod(MAIN, SIDE), "", "has several containers: set container to one of main, side"),
        (pod(MAIN), "engine", "has no container 'engine': set container to one of main"),
        (pod(Container("main", "", running=False)), "", "container main of pod llm-1 is not running"),
        (pod(MAIN, shared=True), "main", "shares its processes with others"),
    ],
)
def test_what_is_not_clear_or_not_the_containers_own_is_refused(picked: Pod, wanted: str, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        choose_container(picked, wanted)
