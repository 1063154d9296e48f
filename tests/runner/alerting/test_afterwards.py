"""Alerts as Prometheus recorded them, and SLIs without data."""

from clients.prometheus import Sample, Series
from runner.alerting.absence import absence, absent_prediction
from runner.alerting.afterwards import recorded_episodes
from tests.runner.alerting.slos import slo

LABELS = {"alertname": "Burn", "severity": "page"}


def series(state: str, *times: float) -> Series:
    return Series({"__name__": "ALERTS", "alertstate": state, **LABELS}, tuple(Sample(at, 1.0) for at in times))


def test_an_alert_is_over_at_the_evaluation_after_its_last_sample() -> None:
    (episode,) = recorded_episodes([series("pending", 10, 12.5), series("firing", 15, 17.5)], 2.5, frozenset())
    assert (episode.active_at, episode.firing_at, episode.gone_at) == (10, 15, 20)
    assert episode.labels == LABELS


def test_an_alert_that_still_fires_is_not_over() -> None:
    (episode,) = recorded_episodes([series("firing", 15)], 2.5, {frozenset(LABELS.items())})
    assert (episode.active_at, episode.firing_at, episode.gone_at) == (15, 15, None)


def test_an_alert_that_was_only_pending_never_fired() -> None:
    (episode,) = recorded_episodes([series("pending", 10)], 2.5, frozenset())
    assert episode.firing_at is None


def test_data_that_came_back_and_went_again_went_the_second_time() -> None:
    assert absence(slo(), [1, 2, 5, 6, 7], 1).at == 5
    assert absence(slo(), [], 1).at is None


def test_an_absent_sli_alerts_when_it_was_absent_for_long_enough() -> None:
    crossing = absence(slo(), [11, 12, 13], 1)
    prediction = absent_prediction(slo(), 60, crossing, [10, 12.5, 15, 17.5, 20, 22.5, 25])
    assert prediction.at == 22.5  # 10 min at a scale of 60 after the evaluation at 12.5
    assert absent_prediction(slo(), 60, crossing, [10, 12.5]).at is None
    assert absent_prediction(slo(), 60, crossing, []).at is None
