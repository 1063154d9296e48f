import pytest

from lab.apiserver.deletion import parse_delete_options
from lab.apiserver.errors import Refused
from tests.lab.apiserver.in_process import CONFIG_MAPS, MERGE, PODS, Api, configmap, pod


@pytest.fixture
def api() -> Api:
    return Api()


def test_a_bound_pod_is_given_its_time_and_then_removed_by_force(api: Api) -> None:
    api.make(PODS, pod())
    _, going = api.ask("DELETE", f"{PODS}/p")
    assert going["metadata"]["deletionGracePeriodSeconds"] == 30
    assert going["metadata"]["deletionTimestamp"] > going["metadata"]["creationTimestamp"]
    assert api.ask("DELETE", f"{PODS}/p", gracePeriodSeconds="0")[0] == 200
    assert api.ask("GET", f"{PODS}/p")[0] == 404


def test_a_second_deletion_shortens_the_time_and_never_lengthens_it(api: Api) -> None:
    api.make(PODS, pod())
    for asked, granted in ((20, 20), (25, 20), (5, 5)):
        _, going = api.ask("DELETE", f"{PODS}/p", {"gracePeriodSeconds": asked})
        assert going["metadata"]["deletionGracePeriodSeconds"] == granted


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_pods_that_nobody_has_to_stop_go_at_once(api: Api, phase: str) -> None:
    api.make(PODS, pod("unbound", node=""))
    api.make(PODS, pod("over"))
    api.ask("PATCH", f"{PODS}/over/status", {"status": {"phase": phase}}, content=MERGE)
    for name in ("unbound", "over"):
        api.ask("DELETE", f"{PODS}/{name}")
        assert api.ask("GET", f"{PODS}/{name}")[0] == 404


def test_finalizers_hold_even_a_forced_deletion_until_the_last_is_off(api: Api) -> None:
    api.make(PODS, pod(finalizers=["a.io/x", "a.io/y"]))
    api.ask("DELETE", f"{PODS}/p", gracePeriodSeconds="0")
    for left in (["a.io/y"], None):
        code, held = api.ask("GET", f"{PODS}/p")
        assert code == 200
        assert held["metadata"]["deletionTimestamp"]
        api.ask("PATCH", f"{PODS}/p", {"metadata": {"finalizers": left}}, content=MERGE)
    assert api.ask("GET", f"{PODS}/p")[0] == 404


def test_no_finalizer_can_be_added_to_what_is_going(api: Api) -> None:
    api.make(CONFIG_MAPS, configmap(finalizers=["a.io/x"]))
    api.ask("DELETE", f"{CONFIG_MAPS}/c")
    more = {"metadata": {"finalizers": ["a.io/x", "a.io/y"]}}
    assert api.ask("PATCH", f"{CONFIG_MAPS}/c", more, content=MERGE)[0] == 422


@pytest.mark.parametrize(
    ("policy", "finalizer"), [("Foreground", "foregroundDeletion"), ("Orphan", "orphan"), ("Background", None)]
)
def test_propagation_leaves_its_finalizer_to_the_garbage_collector(
    api: Api, policy: str, finalizer: str | None
) -> None:
    api.make(CONFIG_MAPS, configmap())
    api.ask("DELETE", f"{CONFIG_MAPS}/c", {"propagationPolicy": policy})
    code, held = api.ask("GET", f"{CONFIG_MAPS}/c")
    assert code == (200 if finalizer else 404)
    assert held["metadata"].get("finalizers") == ([finalizer] if finalizer else None)


@pytest.mark.parametrize("precondition", [{"uid": "other"}, {"resourceVersion": "1"}])
def test_a_deletion_of_something_else_conflicts(api: Api, precondition: dict[str, str]) -> None:
    api.make(CONFIG_MAPS, configmap())
    code, status = api.ask("DELETE", f"{CONFIG_MAPS}/c", {"preconditions": precondition})
    assert (code, status["reason"]) == (409, "Conflict")


def test_a_dry_run_deletes_nothing(api: Api) -> None:
    api.make(CONFIG_MAPS, configmap())
    assert api.ask("DELETE", f"{CONFIG_MAPS}/c", dryRun="All")[0] == 200
    assert api.ask("DELETE", CONFIG_MAPS, dryRun="All")[0] == 200
    assert api.names(CONFIG_MAPS) == ["c"]


def test_a_collection_is_deleted_by_its_selection(api: Api) -> None:
    for name, label in (("a", "x"), ("b", "y"), ("c", "x")):
        api.make(CONFIG_MAPS, configmap(name, labels={"l": label}))
    assert api.ask("DELETE", CONFIG_MAPS, labelSelector="l=x")[0] == 200
    assert api.names(CONFIG_MAPS) == ["b"]


def test_the_body_of_a_deletion_counts_before_its_query() -> None:
    options = parse_delete_options({"gracePeriodSeconds": 3, "orphanDependents": True}, {"gracePeriodSeconds": "9"})
    assert (options.grace_seconds, options.propagation) == (3, "Orphan")
    with pytest.raises(Refused, match="must be a number"):
        parse_delete_options(None, {"gracePeriodSeconds": "soon"})
