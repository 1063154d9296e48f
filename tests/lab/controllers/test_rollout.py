from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.controllers.rollout import Limits, Size, limits, recreate, rescale, rolling_update
from lab.kubeclient import Document


def rolling(surge: int | str, unavailable: int | str) -> Document:
    return {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}


@pytest.mark.parametrize(
    ("strategy", "desired", "expected"),
    [
        (None, 3, (1, 0)),
        (None, 8, (2, 2)),
        (rolling(1, 0), 3, (1, 0)),
        (rolling("50%", "50%"), 3, (2, 1)),
        (rolling(0, 0), 3, (0, 1)),
        (rolling(0, "10%"), 3, (0, 1)),
        (rolling(0, 9), 3, (0, 3)),
        (None, 0, (0, 1)),
    ],
)
def test_limits(strategy: Document | None, desired: int, expected: tuple[int, int]) -> None:
    assert limits(strategy, desired) == expected


def test_a_first_rollout_makes_everything_at_once() -> None:
    assert rolling_update(3, Limits(1, 0), Size("new", 0, 0), []) == {"new": 3}


def test_a_rollout_adds_within_the_surge_first() -> None:
    assert rolling_update(3, Limits(1, 0), Size("new", 0, 0), [Size("old", 3, 3)]) == {"new": 1}


def test_old_pods_wait_for_new_ones_to_be_available() -> None:
    assert rolling_update(3, Limits(1, 0), Size("new", 1, 0), [Size("old", 3, 3)]) == {}
    assert rolling_update(3, Limits(1, 0), Size("new", 1, 1), [Size("old", 3, 3)]) == {"old": 2}


def test_old_pods_that_do_not_work_go_first_and_at_once() -> None:
    old = [Size("working", 2, 2), Size("broken", 1, 0)]
    assert rolling_update(3, Limits(0, 1), Size("new", 0, 0), old) == {"broken": 0}


def test_a_rollout_shrinks_at_once_by_what_may_be_missing() -> None:
    assert rolling_update(4, Limits(0, 2), Size("new", 0, 0), [Size("old", 4, 4)]) == {"old": 2}


def test_too_many_new_pods_are_taken_back() -> None:
    assert rolling_update(1, Limits(1, 0), Size("new", 3, 3), []) == {"new": 1}


def test_a_finished_rollout_changes_nothing() -> None:
    assert rolling_update(3, Limits(1, 0), Size("new", 3, 3), [Size("old", 0, 0)]) == {}


def test_recreate_waits_for_all_old_pods() -> None:
    new = Size("new", 0, 0)
    assert recreate(3, new, [Size("old", 3, 3)], old_pods_remain=True) == {"old": 0}
    assert recreate(3, new, [Size("old", 0, 0)], old_pods_remain=True) == {}
    assert recreate(3, new, [Size("old", 0, 0)], old_pods_remain=False) == {"new": 3}
    assert recreate(3, Size("new", 3, 3), [], old_pods_remain=False) == {}


@pytest.mark.parametrize(
    ("desired", "sizes", "expected"),
    [
        (5, [3], {"0": 5}),
        (1, [3], {"0": 1}),
        (3, [3], {}),
        (6, [2, 2], {"1": 4}),
        (1, [2, 2], {"1": 0, "0": 1}),
        (2, [0, 0], {"1": 2}),
        (2, [], {}),
        (4, [3, 0], {"0": 4}),
    ],
)
def test_rescaling_while_paused(desired: int, sizes: list[int], expected: dict[str, int]) -> None:
    assert rescale(desired, [Size(str(i), size, 0) for i, size in enumerate(sizes)]) == expected


@settings(deadline=None)
@given(st.integers(0, 20), st.lists(st.integers(0, 10), min_size=1, max_size=4))
def test_rescaling_while_paused_gives_what_is_desired(desired: int, sizes: list[int]) -> None:
    sets = [Size(str(i), size, 0) for i, size in enumerate(sizes)]
    result = rescale(desired, sets)
    assert sum(result.get(s.name, s.replicas) for s in sets) == desired
    assert min(result.values(), default=0) >= 0


@dataclass
class SimulatedSet:
    """A ReplicaSet whose controller and whose status both lag behind, each as the test likes."""

    name: str
    replicas: int
    ready: int  # pods that really work
    starting: int = 0  # pods that really exist and do not work yet
    told: int = 0  # availableReplicas, as last written

    def follow(self) -> None:
        """What the ReplicaSet's controller does: pods that do not work go first."""
        missing = self.replicas - self.ready - self.starting
        if missing > 0:
            self.starting += missing
        else:
            spare = min(self.starting, -missing)
            self.starting -= spare
            self.ready -= -missing - spare

    def size(self) -> Size:
        return Size(self.name, self.replicas, self.told)


Budget = tuple[int | str, int | str]
BUDGETS: list[Budget] = [(1, 0), (0, 1), (1, 1), (2, 3), ("25%", "25%"), ("100%", 0), (0, "100%")]
STEPS = st.tuples(st.sampled_from(["deployment", "replicaset", "pod", "status"]), st.integers(0, 2))


class Simulation:
    """A rollout from two old sets to a new one. Every step checks what must hold in between."""

    def __init__(self, desired: int, budget: Budget, old: list[tuple[int, int]]) -> None:
        self.desired, self.limit = desired, limits(rolling(*budget), desired)
        self.new = SimulatedSet("new", 0, 0)
        self.old = [SimulatedSet(f"old-{i}", n, n, told=late) for i, (n, late) in enumerate(old)]
        self.sets = [*self.old, self.new]

    def deployment(self) -> bool:
        targets = rolling_update(self.desired, self.limit, self.new.size(), [s.size() for s in self.old])
        for s in self.sets:
            s.replicas = targets.get(s.name, s.replicas)
        assert sum(s.replicas for s in self.sets) <= self.desired + self.limit.surge
        return bool(targets)

    def step(self, what: str, s: SimulatedSet) -> None:
        if what == "deployment":
            self.deployment()
        elif what == "replicaset":
            s.follow()
        elif what == "status":
            s.told = s.ready
        elif s.starting:
            s.starting, s.ready = s.starting - 1, s.ready + 1
        assert sum(s.ready for s in self.sets) >= self.desired - self.limit.unavailable


@settings(deadline=None)
@given(st.integers(1, 8), st.sampled_from(BUDGETS), st.data(), st.lists(STEPS, max_size=40))
def test_a_rollout_never_costs_more_pods_than_allowed_and_ends(
    desired: int, budget: Budget, data: st.DataObject, steps: list[tuple[str, int]]
) -> None:
    """Whatever lags behind whatever: available pods >= desired - unavailable, and pods asked for <= desired + surge."""
    split = data.draw(st.integers(0, desired))
    old = [(n, data.draw(st.integers(0, n), label="available as told")) for n in (split, desired - split)]
    simulation = Simulation(desired, budget, old)
    for what, which in steps:
        simulation.step(what, simulation.sets[which])
    for _ in range(10 * desired + 10):
        for s in simulation.sets:
            for what in ("replicaset", *["pod"] * s.replicas, "status"):
                simulation.step(what, s)
        if not simulation.deployment():
            break
    assert [s.replicas for s in simulation.sets] == [0, 0, desired]
