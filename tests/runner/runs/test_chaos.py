"""Which chaos runs are shown beside a burn, and for how long both were at once."""

from dataclasses import replace

import pytest

from runner.runs.chaos import AFTERMATH_SECONDS, ChaosRun, runs_beside
from runner.runs.record import DIED, RUNNING

RUN = ChaosRun("r1", "kill a pod", started_at=1000, ended_at=1060, verdict="held", faults=1, source="log")
NOW, LAG = 10_000.0, 300.0


@pytest.mark.parametrize(
    ("start", "end", "overlap"),
    [(900, 1200, 60), (1030, 1200, 30), (700, 1010, 10), (1020, 1030, 10), (1060, 1200, 0), (1359, 1400, 0)],
)
def test_a_run_is_beside_a_burn_for_as_long_as_both_last(start: float, end: float, overlap: float) -> None:
    (found,) = runs_beside(start, end, [RUN], NOW, LAG)
    assert found.overlap_seconds == overlap


@pytest.mark.parametrize(("start", "end"), [(1360, 1400), (800, 1000)])
def test_a_run_of_another_time_is_not(start: float, end: float) -> None:
    assert not runs_beside(start, end, [RUN], NOW, LAG)


def test_a_run_that_broke_nothing_is_no_cause() -> None:
    assert not runs_beside(900, 1200, [replace(RUN, faults=0)], NOW, LAG)


def test_a_run_whose_faults_are_not_known_may_be_one() -> None:
    assert runs_beside(900, 1200, [replace(RUN, faults=None)], NOW, LAG)


def test_a_run_that_goes_on_lasts_until_now() -> None:
    (found,) = runs_beside(1100, 1200, [replace(RUN, ended_at=None, verdict=RUNNING)], NOW, LAG)
    assert found.overlap_seconds == 100


@pytest.mark.parametrize("start", [900, 1000 + AFTERMATH_SECONDS])
def test_a_run_that_died_is_shown_with_what_burns_soon_after_for_an_unknown_time(start: float) -> None:
    (found,) = runs_beside(start, start + 200, [replace(RUN, ended_at=None, verdict=DIED)], NOW, LAG)
    assert found.overlap_seconds is None


def test_a_run_that_died_is_not_shown_with_everything_after_it() -> None:
    start = 1001 + AFTERMATH_SECONDS
    assert not runs_beside(start, start + 200, [replace(RUN, ended_at=None, verdict=DIED)], NOW, LAG)


def test_runs_are_listed_from_the_oldest() -> None:
    runs = [replace(RUN, run_id="late", started_at=1050), RUN]
    assert [one.run.run_id for one in runs_beside(900, 1200, runs, NOW, LAG)] == ["r1", "late"]
