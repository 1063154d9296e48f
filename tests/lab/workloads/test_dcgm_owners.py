from typing import Any

from lab.workloads.dcgm.owners import GpuOwners, Owner


def pod(name: str, gpus: int, started: str = "2026-01-01T00:00:00Z", phase: str = "Running") -> dict[str, Any]:
    return {
        "metadata": {"namespace": "ml", "name": name, "uid": f"uid-{name}"},
        "spec": {"containers": [{"name": "main", "resources": {"limits": {"nvidia.com/gpu": str(gpus)}}}]},
        "status": {"phase": phase, "startTime": started},
    }


def owners_of(owners: GpuOwners, count: int = 4) -> list[str | None]:
    return [owner.pod if (owner := owners.owner(index)) else None for index in range(count)]


def test_pods_hold_the_lowest_free_gpus_in_the_order_of_their_start() -> None:
    owners = GpuOwners(4)
    owners.update([pod("late", 1, "2026-01-01T00:00:09Z"), pod("early", 2, "2026-01-01T00:00:01Z")])
    assert owners_of(owners) == ["early", "early", "late", None]
    assert owners.owner(0) == Owner("ml", "early", "main")


def test_a_pod_keeps_its_gpus_when_others_go_and_come() -> None:
    owners = GpuOwners(4)
    first, second = pod("first", 1), pod("second", 1, "2026-01-01T00:00:01Z")
    owners.update([first, second])
    owners.update([second])
    assert owners_of(owners) == [None, "second", None, None]
    owners.update([second, pod("third", 2, "2026-01-01T00:00:02Z")])
    assert owners_of(owners) == ["third", "second", "third", None]


def test_pods_that_have_ended_or_not_begun_hold_nothing() -> None:
    owners = GpuOwners(4)
    not_begun = pod("new", 1)
    del not_begun["status"]["startTime"]
    owners.update([pod("done", 1, phase="Succeeded"), pod("failed", 1, phase="Failed"), not_begun, pod("cpu", 0)])
    assert owners_of(owners) == [None] * 4


def test_a_pod_that_does_not_fit_holds_nothing() -> None:
    owners = GpuOwners(4)
    owners.update([pod("big", 3), pod("bigger", 2, "2026-01-01T00:00:01Z")])
    assert owners_of(owners) == ["big", "big", "big", None]
