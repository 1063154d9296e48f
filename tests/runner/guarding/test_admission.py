"""Which SLOs let a fault in."""

import pytest

from clients.prometheus import Known, LabelledValue, Reading, Unknown
from probes.slo_watch import Watched, WatchedSlo
from runner.guarding.admission import (
    Answer,
    NotAdmittedError,
    Situation,
    Terms,
    judge_admission,
    spent,
    time_scale_of,
)
from slos.budget.status import SloStatus, unrecorded

TERMS = Terms(budget_left=0.5, burn_below=1.0, quiet_alerts=True, window_seconds=60.0)


def situation(
    budget_left: float | None = 1.0,
    burn: Reading = Known(0.2, 0),  # noqa: B008 (frozen)
    alerts: tuple[dict[str, str], ...] = (),
) -> Situation:
    status = SloStatus("a", "good", budget_left=budget_left, reasons=("no rules",) if budget_left is None else ())
    watched = Watched(0.0, (WatchedSlo("a", burn, Known(0.0, 0)),))
    return Situation((status,), watched, tuple(LabelledValue(labels, 1.0) for labels in alerts))


def test_a_good_situation_lets_it_in() -> None:
    assert judge_admission(situation(), TERMS) == Answer((), ())


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (situation(budget_left=0.4), "a has 40% of its error budget left, and admit.budget_left is 50%"),
        (situation(burn=Known(1.0, 0)), "a burned its error budget at 1 over the last 60 s, and admit.burn_below is 1"),
        (
            situation(alerts=({"alertname": "Burns", "slo": "a"},)),
            "alert Burns (a) is firing, and admit.quiet_alerts is true",
        ),
    ],
)
def test_what_is_known_to_be_bad_refuses_at_once(found: Situation, said: str) -> None:
    assert judge_admission(found, TERMS) == Answer((said,), ())


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (situation(budget_left=None), "a: its error budget is not known (no rules)"),
        (situation(burn=Unknown("no samples")), "no samples"),
    ],
)
def test_what_is_not_known_lets_nothing_in(found: Situation, said: str) -> None:
    assert judge_admission(found, TERMS) == Answer((), (said,))


def test_a_budget_of_a_short_time_is_told_as_such() -> None:
    young = SloStatus("a", "exhausted", window="28d", budget_left=-4.63, coverage=0.004)
    watched = Watched(0.0, (WatchedSlo("a", Known(0.0, 0), Known(0.0, 0)),))
    (said,) = judge_admission(Situation((young,), watched, ()), TERMS).refused
    assert said == (
        "a has -463% of its error budget left, and admit.budget_left is 50%, judged from the 0.4% of 28d that has "
        "been seen"
    )


def test_a_budget_that_is_not_asked_for_need_not_be_known() -> None:
    terms = Terms(budget_left=0.0, burn_below=1.0, quiet_alerts=True, window_seconds=60.0)
    assert not judge_admission(situation(budget_left=None), terms).reasons
    assert not judge_admission(situation(budget_left=-3.0), terms).reasons


def test_alerts_of_other_slos_and_alerts_that_are_not_asked_for_let_it_in() -> None:
    other = situation(alerts=({"alertname": "Burns", "slo": "b"},))
    assert not judge_admission(other, TERMS).reasons
    loud = situation(alerts=({"alertname": "Burns", "slo": "a"},))
    assert not judge_admission(loud, Terms(0.5, 1.0, quiet_alerts=False, window_seconds=60.0)).reasons


def test_slos_of_one_time_scale_are_watched_with_it() -> None:
    assert time_scale_of([SloStatus("a", "good", time_scale=60), SloStatus("b", "good", time_scale=60)]) == 60


def test_slos_that_are_not_recorded_or_of_two_time_scales_are_not_watched() -> None:
    with pytest.raises(NotAdmittedError, match="SLO a: nothing is recorded of it"):
        time_scale_of([unrecorded("a")])
    with pytest.raises(NotAdmittedError, match="different time scales"):
        time_scale_of([SloStatus("a", "good", time_scale=60), SloStatus("b", "good")])


def test_only_what_is_known_to_be_spent_is_told() -> None:
    watched = Watched(
        0.0, (WatchedSlo("a", Known(1, 0), Known(0.01, 0)), WatchedSlo("b", Known(1, 0), Unknown("no events")))
    )
    assert spent(watched) == {"a": 0.01}
    assert spent(None) == {}
