"""The longest that faults may be in, by clocks that somebody may put back or forward."""

import pytest

from runner.guarding.deadline import Deadline

DEADLINE = Deadline(began_at=1000.0, began_monotonic=50.0, duration=60.0)


@pytest.mark.parametrize(
    ("wall", "monotonic", "over"),
    [
        (1059.9, 109.9, False),
        (1060.0, 60.0, True),
        (1001.0, 110.0, True),
        (-2600.0, 110.0, True),
        (-2600.0, 109.9, False),
    ],
    ids=["before", "clock put forward", "clock slower", "clock put back an hour", "put back, and not over yet"],
)
def test_it_is_over_by_whichever_clock_is_first(wall: float, monotonic: float, over: bool) -> None:
    assert DEADLINE.over(lambda: wall, lambda: monotonic) is over


def test_records_say_when_it_ends_by_the_wall_clock() -> None:
    assert DEADLINE.at == 1060.0
