import pytest

from slos.model import AbsentAlert
from slos.rules_test.prediction import Prediction
from slos.rules_test.timeline import Segment, continuous, sliced
from slos.tiers import DAY, HOUR, MINUTE
from tests.slos.rules.declared import slo

SLO = slo(window=30 * DAY, objective=0.99, tiers=("fast-page",), absent=AbsentAlert("page"))


def firing(*segments: Segment, minimum_events: float = 0.0) -> list[bool | None]:
    """Whether the fast page fires at every 5 m; None where that is not predicted."""
    declared = slo(window=30 * DAY, objective=0.99, tiers=("fast-page",), minimum_events=minimum_events)
    timeline = continuous(segments, 30.0, 10.0)
    times = [index * 5 * MINUTE for index in range(round(timeline.seconds / (5 * MINUTE)) + 1)]
    return [alerts.tiers.get("fast-page") for alerts in Prediction(declared, timeline, times).alerts()]


def test_a_burn_fires_when_both_windows_exceed_the_factor_and_stops_with_the_short_one() -> None:
    # 20% errors after half an hour of health: the last hour has more than 14.4% from minute 73.2 on.
    found = firing(Segment(30 * MINUTE), Segment(HOUR, 0.2), Segment(10 * MINUTE))
    assert found.index(True) == 15
    assert found[-2:] == [False, False]
    assert found[18] is True


def test_a_burn_right_at_the_threshold_is_not_predicted() -> None:
    assert None in firing(Segment(10 * MINUTE, 0.144))
    assert True not in firing(Segment(10 * MINUTE, 0.144))


def test_too_few_events_do_not_fire() -> None:
    assert True in firing(Segment(10 * MINUTE, 1.0), minimum_events=50)
    assert True not in firing(Segment(10 * MINUTE, 1.0), minimum_events=150)


def test_an_alert_waits_until_its_condition_has_held() -> None:
    timeline = continuous((Segment(10 * MINUTE), Segment(20 * MINUTE, present=False)), 30.0, 10.0)
    times = [index * 5 * MINUTE for index in range(7)]
    absent = [alerts.absent for alerts in Prediction(SLO, timeline, times).alerts()]
    assert absent == [False, False, False, False, True, True, True]


def test_bad_slices_are_spread_evenly_and_counted_where_they_end() -> None:
    timeline = sliced((Segment(HOUR, 0.1),), 120.0, 60.0, lag_seconds=0.0)
    extent = timeline.between(0, HOUR)
    assert extent is not None
    assert (extent.least.bad, extent.least.total) == (3, 30)
    tenth = timeline.between(0, 20 * MINUTE)
    assert tenth is not None
    assert (tenth.most.bad, tenth.most.total) == (1, 10)


def test_slices_that_a_query_may_not_have_noticed_are_not_certain() -> None:
    timeline = sliced((Segment(10 * MINUTE), Segment(10 * MINUTE, 1.0)), 60.0, 60.0, lag_seconds=120.0)
    extent = timeline.between(10 * MINUTE, 20 * MINUTE)
    assert extent is not None
    assert (extent.least.bad, extent.most.bad) == (8, 10)


@pytest.mark.parametrize("at", [2 * DAY, 2 * DAY + 60])
def test_a_window_of_days_is_made_of_whole_slices(at: float) -> None:
    timeline = continuous((Segment(DAY, 1.0), Segment(DAY + HOUR, 0.0)), 30.0, 10.0)
    extent = Prediction(SLO, timeline, [0.0]).counts(DAY, at)
    assert extent is not None
    assert (extent.most.bad, extent.most.total) == (0, DAY / 3)
