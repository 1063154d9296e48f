"""Reading a review: which window, in which slices, and when there is nothing to review."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from clients.prometheus import PrometheusError
from runner.runs.chaos import ChaosRun
from runner.slo.review import BudgetReview, NothingToReviewError, beside, counted, read_review
from slos.burn import Counts
from slos.rules.names import BAD_EVENTS, EVENTS
from slos.tiers import DAY, HOUR
from tests.recorded_slos import AT, FakeSlo, Series, calendar_start
from tests.recording_prometheus import Recording
from tests.runner.slo.fake_history import FakeHistory, Value

BROKEN = (AT - 2 * HOUR, AT - HOUR)


def healthy_but_for_an_hour(_: str) -> Sequence[tuple[str, Value]]:
    return [(EVENTS, lambda _: 100.0), (BAD_EVENTS, lambda at: 50.0 if BROKEN[0] < at <= BROKEN[1] else 0.0)]


A_DAY = FakeSlo(window="1d", period_seconds=DAY)


def history(*slos: FakeSlo, more: Sequence[Series] = ()) -> FakeHistory:
    return FakeHistory(healthy_but_for_an_hour, Recording(slos, more))


def reviewed(*slos: FakeSlo, more: Sequence[Series] = ()) -> BudgetReview:
    return read_review(history(*slos, more=more).as_prometheus(), "llm-availability", AT)


def test_a_rolling_window_is_tiled_by_slices_up_to_the_time_asked_for() -> None:
    found = reviewed(FakeSlo(window="7d", period_seconds=7 * DAY))
    assert (found.review.slices.start, found.review.slices.end) == (AT - 7 * DAY, AT)
    (burn,) = found.review.burns
    assert (burn.start, burn.end, burn.counts) == (*BROKEN, Counts(600, 1200))


def test_slices_end_at_multiples_of_their_length_as_those_of_the_rules_do() -> None:
    found = read_review(history(A_DAY).as_prometheus(), "llm-availability", AT + 299.5)
    assert (found.at, found.review.slices.end) == (AT + 299.5, AT)
    faster = read_review(history(replace(A_DAY, time_scale="60")).as_prometheus(), "llm-availability", AT + 299.5)
    assert faster.review.slices.end == AT + 295


def test_it_takes_one_range_query_for_28_days_which_does_not_look_back_beyond_a_slice() -> None:
    asked = history(FakeSlo())
    read_review(asked.as_prometheus(), "llm-availability", AT)
    ((query, _, _, step),) = asked.ranges
    assert "[4m59s999ms]" in query
    assert step == 300


def test_a_time_scale_shortens_window_and_slices() -> None:
    slices = reviewed(replace(A_DAY, time_scale="60")).review.slices
    assert (slices.seconds, slices.end - slices.start) == (5, DAY / 60)


MONTH = FakeSlo(window="month", period_seconds=30 * DAY, calendar="month", time_zone="UTC", first="1")


def test_a_calendar_window_begins_when_it_is_recorded_to_have_begun() -> None:
    found = reviewed(MONTH, more=[calendar_start(AT - 14 * DAY), calendar_start(AT - 3 * DAY, "week", first="0")])
    assert found.review.slices.start == AT - 14 * DAY


@pytest.mark.parametrize(("starts", "said"), [((), "recorded 0 times"), ((1.0, 2.0), "recorded 2 times")])
def test_a_calendar_window_whose_beginning_is_not_known_is_not_reviewed(starts: Sequence[float], said: str) -> None:
    more = [calendar_start(AT - days * DAY) for days in starts]
    with pytest.raises(NothingToReviewError, match=said):
        reviewed(MONTH, more=more)


def test_a_name_that_is_not_recorded_is_told_with_names_like_it() -> None:
    with pytest.raises(NothingToReviewError, match="did you mean llm-availabilty"):
        reviewed(FakeSlo(name="llm-availabilty"))
    with pytest.raises(NothingToReviewError, match="chaos slo status lists"):
        reviewed(FakeSlo(name="checkpoint-age"))
    with pytest.raises(NothingToReviewError, match="it has no SLO at all"):
        reviewed()


@pytest.mark.parametrize(
    ("slo", "said"),
    [
        (FakeSlo(without=("period_seconds",)), "the label period_seconds is missing"),
        (FakeSlo(objective=2), "the budget of llm-availability is not known"),
        (FakeSlo(period_seconds=1e15), "the label period_seconds is '1e\\+15', which cannot be"),
        (FakeSlo(time_scale="100000"), "the label time_scale is '100000', which cannot be"),
        (FakeSlo(window="36000d", period_seconds=36_000 * DAY), "which no rules of chaos slo rules do"),
    ],
)
def test_what_is_recorded_wrongly_is_not_reviewed(slo: FakeSlo, said: str) -> None:
    with pytest.raises(NothingToReviewError, match=said):
        reviewed(slo)


def test_a_window_without_events_recorded_is_not_reviewed() -> None:
    empty = FakeHistory(lambda _: [], Recording([FakeSlo()]))
    with pytest.raises(NothingToReviewError, match="has no events of llm-availability recorded in the 28d"):
        read_review(empty.as_prometheus(), "llm-availability", AT)


def test_partial_data_is_not_reviewed() -> None:
    partial = FakeHistory(healthy_but_for_an_hour, Recording([FakeSlo()], warnings=["store 1 is unavailable"]))
    with pytest.raises(PrometheusError, match="store 1 is unavailable"):
        read_review(partial.as_prometheus(), "llm-availability", AT)


def test_runs_are_matched_with_each_burn() -> None:
    run = ChaosRun("r1", "kill", BROKEN[0] + 60, BROKEN[0] + 120, "held", 1, "log")
    ((found,),) = beside(reviewed(A_DAY), [run])
    assert (found.run, found.overlap_seconds) == (run, 60)


def test_counts_are_known_where_both_numbers_are_and_consistent() -> None:
    pairs = [(1, None), (None, 1), (1, 2), (3, 2), (-1.0, 2), (0, -1.0), (1, 1e300)]
    assert list(counted(pairs)) == [
        None, None, Counts(1, 2), Counts(2, 2), Counts(0, 2), Counts(0, 0), None,
    ]  # fmt: skip
