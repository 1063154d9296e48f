"""When an alert should have fired, by what a Prometheus that a test computes has counted."""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import pytest

from clients.prometheus import Answer, LabelledValue, Prometheus, Sample, Series, Vector
from runner.alerting.measuring import LABEL, MOST_INSTANTS, Burning, _since, _thinned, _told, measure_prediction
from slos.burn import Counts
from slos.duration import parse_duration
from slos.tiers import TIER
from tests.runner.alerting.slos import slo

FAULT = 1_000_000.0
EVENTS_PER_SECOND = 10.0
FAST = Burning(slo(), (TIER["fast-page"],), 60)


@dataclass
class Computed:
    """Ten events each second; `failing` of them are bad from the fault on. Rules are evaluated every `interval`."""

    failing: float = 0.5
    interval: float = 2.5
    counted_from: float = -float("inf")
    """Before that nothing is known."""
    evaluated: bool = True

    def raw(self, _: str, start: float, end: float) -> Answer:
        times = [FAULT + self.interval * number for number in range(-2, int((end - FAULT) / self.interval) + 1)]
        samples = [Sample(at, 0.99) for at in times if start <= at <= end and self.evaluated]
        return Answer((Series({}, samples),))

    def vector(self, query: str, at: float) -> Vector:
        if at < self.counted_from:
            return Vector((), at)
        found = re.search(r"\[(\w+)\]", query)
        assert found is not None, query
        window = parse_duration(found[1])
        total = EVENTS_PER_SECOND * window
        bad = EVENTS_PER_SECOND * self.failing * min(max(at - FAULT, 0.0), window)
        return Vector((LabelledValue({LABEL: "bad"}, bad), LabelledValue({LABEL: "total"}, total)), at)

    @property
    def prometheus(self) -> Prometheus:
        return cast("Prometheus", self)


def test_the_burn_arithmetic_is_replayed_at_the_times_of_the_evaluations() -> None:
    # 13.44 x 1% of the 60 s window are bad after 16.1 s; the next evaluation is at 17.5 s, and `for` takes 2 s.
    found = measure_prediction(Computed().prometheus, FAST, FAULT, FAULT + 60, FAULT + 20)
    assert found.at == FAULT + 20
    assert found.told == (
        "50% of 200 events since the fault were bad; steadily, fast-page takes 18.1 s, "
        "and rules are evaluated every 2.5 s"
    )


def test_the_tier_of_the_prediction_is_told_where_it_is_not_the_one_that_is_quickest_steadily() -> None:
    half, none = Counts(50.0, 100.0), Counts(0.0, 100.0)
    assert "predicted by" not in _told(FAST, half, None, "fast-page")
    assert _told(FAST, half, None, "slow-page").endswith(
        "steadily, fast-page takes 18.1 s; predicted by slow-page, whose windows have what was before the fault, too"
    )
    assert "never fires it; predicted by slow-page" in _told(FAST, none, None, "slow-page")
    assert _told(FAST, none, None, "").endswith("never fires it")


def test_a_ratio_that_never_burns_fast_enough_predicts_nothing() -> None:
    found = measure_prediction(Computed(failing=0.1).prometheus, FAST, FAULT, FAULT + 100, None)
    assert found.at is None
    assert "10% of 1000 events since the fault were bad, which steadily never fires it" in found.told


def test_without_evaluations_or_events_nothing_is_predicted() -> None:
    found = measure_prediction(Computed(evaluated=False).prometheus, FAST, FAULT, FAULT + 60, None)
    assert (found.at, found.told) == (None, "the rules of SLO a were not evaluated after the fault")
    found = measure_prediction(Computed(counted_from=FAULT + 99).prometheus, FAST, FAULT, FAULT + 60, None)
    assert (found.at, found.told) == (None, "no events of SLO a were counted after the fault")


def test_a_window_without_a_past_burns_sooner() -> None:
    young = measure_prediction(Computed(counted_from=FAULT + 1).prometheus, FAST, FAULT, FAULT + 60, None)
    assert young.at == FAULT + 5


@pytest.mark.parametrize("before", [Counts(0.0, 50.0), None])
def test_what_was_counted_before_the_fault_is_taken_off(before: Counts | None) -> None:
    found = _since(Computed().prometheus, FAST, FAULT, (FAULT + 2.5, FAULT + 10.0), before)
    assert found == [(FAULT + 2.5, Counts(12.5, 25.0)), (FAULT + 10.0, Counts(50.0, 100.0))]


def test_an_instant_without_counts_is_left_out() -> None:
    found = _since(Computed(counted_from=FAULT + 5).prometheus, FAST, FAULT, (FAULT + 2.5, FAULT + 10.0), None)
    assert [at for at, _ in found] == [FAULT + 10.0]


def test_counts_are_never_negative_and_bad_ones_never_more_than_all() -> None:
    (found,) = _since(Computed().prometheus, FAST, FAULT, (FAULT + 2.5,), Counts(0.0, 70.0))
    assert found[1] == Counts(5.0, 5.0)


def test_few_instants_are_all_asked_about_and_of_many_the_first_and_the_last() -> None:
    few = tuple(map(float, range(MOST_INSTANTS)))
    assert _thinned(few) == few
    thinned = _thinned([float(index) for index in range(1000)])
    assert len(thinned) == MOST_INSTANTS
    assert (thinned[0], thinned[-1]) == (0.0, 999.0)
    assert list(thinned) == sorted(thinned)
    gaps = {later - earlier for earlier, later in pairwise(thinned)}
    assert max(gaps) - min(gaps) <= 1


def test_thinned_counts_predict_within_an_evaluation() -> None:
    computed = Computed(interval=0.5)
    found = measure_prediction(computed.prometheus, FAST, FAULT, FAULT + 100, None)
    steady = FAST.terms.tiers[0].for_seconds + 16.128
    assert found.at is not None
    assert abs(found.at - FAULT - steady) <= 1.0
