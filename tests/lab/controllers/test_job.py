from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.controllers.job import Ended, backoff_seconds, pod_for
from lab.controllers.job_plan import INDEX, Plan, Tally, format_indexes, index_of, parse_indexes, plan
from lab.controllers.timestamps import parse
from lab.kubeclient import Document
from tests.lab.controllers.objects import names, pod


def job(status: Document | None = None, restart: str = "Never", **spec: Any) -> Document:
    template = {
        "metadata": {"labels": {"app": "t"}},
        "spec": {"restartPolicy": restart, "containers": [{"name": "c", "env": [{"name": "A", "value": "1"}]}]},
    }
    metadata = {"name": "j", "namespace": "n", "uid": "u"}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata,
        "spec": {"template": template, **spec},
        "status": status or {},
    }


def indexed(completions: int = 2, parallelism: int = 2, **more: Any) -> Document:
    return job(completionMode="Indexed", completions=completions, parallelism=parallelism, **more)


def rank(index: int, name: str = "", **more: Any) -> Document:
    return pod(name or f"r{index}", annotations={INDEX: str(index)}, **more)


def steps(of: Document, pods: list[Document]) -> Plan:
    return plan(of, pods, Ended(of, pods).tally())


def test_an_indexed_job_begins_with_all_its_indexes() -> None:
    assert steps(indexed(), []).create == [0, 1]


def test_parallelism_limits_how_many_run_at_once() -> None:
    assert steps(indexed(5, 2), []).create == [0, 1]
    assert steps(indexed(5, 2), [rank(0, phase="Succeeded"), rank(1)]).create == [2]
    assert names(steps(indexed(3, 1), [rank(0), rank(1, phase="Pending")]).delete) == ["r1"]


@pytest.mark.parametrize("state", [{"phase": "Failed"}, {"going": True}])
def test_a_failed_or_deleted_rank_is_replaced_with_its_own_index(state: dict[str, Any]) -> None:
    step = steps(indexed(), [rank(0), rank(1, **state)])
    assert (step.create, step.delete) == ([1], [])


def test_the_second_pod_of_an_index_goes_and_the_one_that_came_furthest_stays() -> None:
    assert names(steps(indexed(), [rank(0, "late", phase="Pending"), rank(0, "first"), rank(1)]).delete) == ["late"]


def test_pods_without_a_valid_index_go() -> None:
    assert names(steps(indexed(), [rank(0), rank(1), rank(2), pod("none")]).delete) == ["r2", "none"]


def test_indexes_once_completed_stay_completed_when_their_pods_are_gone() -> None:
    step = steps(indexed(status={"completedIndexes": "0", "succeeded": 1}), [])
    assert (step.create, step.completed) == ([1], {0})


def test_an_indexed_job_is_complete_when_every_index_is() -> None:
    step = steps(indexed(), [rank(0, phase="Succeeded"), rank(1, phase="Succeeded")])
    assert (step.over, step.create) == ("Complete", [])


def test_an_index_that_succeeded_twice_counts_once() -> None:
    assert steps(indexed(), [rank(0, "a", phase="Succeeded"), rank(0, "b", phase="Succeeded")]).over == ""


def test_a_job_without_indexes_runs_until_enough_have_succeeded() -> None:
    of = job(completions=3, parallelism=2)
    assert steps(of, []).create == [None, None]
    assert steps(of, [pod("a", phase="Succeeded"), pod("b", phase="Succeeded")]).create == [None]
    assert steps(of, [pod(n, phase="Succeeded") for n in "abc"]).over == "Complete"


def test_a_work_queue_begins_no_new_pods_once_one_has_succeeded() -> None:
    of = job(parallelism=3)
    assert steps(of, [pod("a"), pod("b")]).create == [None]
    assert steps(of, [pod("a", phase="Succeeded"), pod("b")]).create == []
    assert steps(of, [pod("a", phase="Succeeded")]).over == "Complete"


def test_too_many_failures_end_the_job_and_its_pods() -> None:
    of = job(completions=1, backoffLimit=1)
    failed = [pod(n, phase="Failed") for n in "ab"]
    assert steps(of, failed[:1]).over == ""
    step = steps(of, [*failed, pod("c")])
    assert (step.over, names(step.delete)) == ("BackoffLimitExceeded", ["c"])


def test_restarts_count_as_failures_only_under_on_failure() -> None:
    restarting = pod("a")
    restarting["status"]["containerStatuses"] = [{"restartCount": 9}]
    assert steps(job(completions=1), [restarting]).over == ""
    assert steps(job(restart="OnFailure", completions=1), [restarting]).over == "BackoffLimitExceeded"


def test_a_suspended_job_has_no_pods() -> None:
    step = steps(indexed(suspend=True), [rank(0)])
    assert (names(step.delete), step.create) == (["r0"], [])


def test_pods_that_ended_are_counted_once_and_not_forgotten() -> None:
    ended = Ended(job(), [])
    ended.count([pod("a", phase="Failed"), pod("b", phase="Succeeded"), pod("c")])
    ended.count([pod("a", phase="Failed")])
    assert ended.tally() == Tally(succeeded=1, failed=1)


def test_a_restarted_controller_goes_on_from_the_status() -> None:
    """Of three failed pods one is still there: it is not counted a second time."""
    assert Ended(job({"failed": 3}), [pod("a", phase="Failed")]).tally().failed == 3


def test_a_rank_knows_its_index_in_every_usual_way() -> None:
    made = pod_for(indexed(), 1)
    metadata, spec = made["metadata"], made["spec"]
    assert index_of(made) == 1
    assert metadata["labels"] == {
        "app": "t",
        "job-name": "j",
        "batch.kubernetes.io/job-name": "j",
        "controller-uid": "u",
        "batch.kubernetes.io/controller-uid": "u",
        INDEX: "1",
    }
    assert (metadata["generateName"], spec["hostname"]) == ("j-1-", "j-1")
    first, told = spec["containers"][0]["env"]
    assert first == {"name": "A", "value": "1"}
    assert told["valueFrom"]["fieldRef"]["fieldPath"] == f"metadata.labels['{INDEX}']"


def test_making_a_pod_leaves_the_job_as_it_is() -> None:
    of = indexed()
    pod_for(of, 0)
    assert of == indexed()


def failed_at(time: str) -> Document:
    ended = pod(time, phase="Failed")
    ended["status"]["containerStatuses"] = [{"state": {"terminated": {"finishedAt": time}}}]
    return ended


def test_back_off_doubles_and_runs_from_the_last_end() -> None:
    first, second = failed_at("2026-01-01T00:00:00Z"), failed_at("2026-01-01T00:00:10Z")
    at = parse("2026-01-01T00:00:10Z")
    assert backoff_seconds([], 4, at) == 0
    assert backoff_seconds([first], 4, at) == 0
    assert backoff_seconds([first, second], 4, at) == 8
    assert backoff_seconds([second] * 30, 4, at) == 60
    assert backoff_seconds([pod(phase="Failed")], 4, at) == 0


@pytest.mark.parametrize(("text", "indexes"), [("", set()), ("0", {0}), ("0,1", {0, 1}), ("0-2,5", {0, 1, 2, 5})])
def test_index_texts(text: str, indexes: set[int]) -> None:
    assert parse_indexes(text) == indexes
    assert format_indexes(indexes) == text


@settings(deadline=None)
@given(st.sets(st.integers(0, 60)))
def test_index_texts_can_be_read_back(indexes: set[int]) -> None:
    assert parse_indexes(format_indexes(indexes)) == indexes
