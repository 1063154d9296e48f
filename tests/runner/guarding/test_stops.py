"""When a run is stopped for what its SLOs do."""

from hypothesis import given
from hypothesis import strategies as st

from clients.prometheus import Known, Reading, Unknown
from probes.slo_watch import Watched, WatchedSlo
from runner.guarding.stops import UNKNOWN_SECONDS, Doubts, Limits, StopKind, judge

LIMITS = Limits(burn_rate=14.4, window_seconds=60, max_spend=0.02)
NOTHING = Unknown("no samples")


def looked(burn: Reading, spend: Reading = Known(0.0, 0), name: str = "a") -> Watched:  # noqa: B008 (frozen)
    return Watched(100.0, (WatchedSlo(name, burn, spend),))


def test_a_burn_rate_below_the_limit_goes_on() -> None:
    assert judge(looked(Known(14.3, 0)), LIMITS, Doubts(), 0) == (None, Doubts())


def test_a_burn_rate_at_the_limit_is_a_breach() -> None:
    stop, _ = judge(looked(Known(14.4, 0)), LIMITS, Doubts(), 0)
    assert stop is not None
    assert (stop.kind, stop.at) == (StopKind.BREACH, 100.0)
    assert stop.reason == "a burns its error budget at 14.4 over 60 s, and abort_when.burn_rate is 14.4"


def test_the_budget_may_be_spent_up_to_its_limit_and_no_further() -> None:
    assert judge(looked(Known(1, 0), Known(0.02, 0)), LIMITS, Doubts(), 0)[0] is None
    stop, _ = judge(looked(Known(1, 0), Known(0.021, 0)), LIMITS, Doubts(), 0)
    assert stop is not None
    assert stop.kind is StopKind.SPEND
    assert "a has spent 2.1% of its error budget since the fault" in stop.reason


def test_without_a_spend_that_is_allowed_the_first_bad_event_stops() -> None:
    none = Limits(14.4, 60, 0.0)
    assert judge(looked(Known(0, 0), Known(0.0, 0)), none, Doubts(), 0)[0] is None
    stop, _ = judge(looked(Known(0.1, 0), Known(1e-9, 0)), none, Doubts(), 0)
    assert stop is not None
    assert stop.kind is StopKind.SPEND


def test_an_unknown_is_borne_for_a_while_and_then_stops_the_run() -> None:
    stop, doubts = judge(looked(NOTHING), LIMITS, Doubts(), 1000)
    assert stop is None
    stop, doubts = judge(looked(NOTHING), LIMITS, doubts, 1000 + UNKNOWN_SECONDS)
    assert stop is None
    stop, _ = judge(looked(NOTHING), LIMITS, doubts, 1000.1 + UNKNOWN_SECONDS)
    assert stop is not None
    assert (stop.kind, stop.reason) == (StopKind.UNKNOWN, "a has been unknown for 15 s: no samples")


def test_one_reading_in_between_ends_the_doubt() -> None:
    _, doubts = judge(looked(NOTHING), LIMITS, Doubts(), 1000)
    _, doubts = judge(looked(Known(0, 0)), LIMITS, doubts, 1010)
    stop, _ = judge(looked(NOTHING), LIMITS, doubts, 1020)
    assert stop is None


def test_a_spend_that_is_unknown_is_unknown() -> None:
    _, doubts = judge(looked(Known(0, 0), NOTHING), LIMITS, Doubts(), 5)
    assert doubts == Doubts({"a": 5})


readings = st.just(NOTHING) | st.floats(0, 100).map(lambda value: Known(value, 0))
looks = st.lists(st.tuples(readings, readings), min_size=1, max_size=3)


@given(st.lists(st.tuples(looks, st.floats(0, 20)), max_size=12))
def test_a_run_goes_on_only_while_every_slo_is_within_its_limits_or_shortly_unknown(
    history: list[tuple[list[tuple[Reading, Reading]], float]],
) -> None:
    doubts, clock = Doubts(), 0.0
    known_at: dict[int, float] = {}
    for look, passed in history:
        clock += passed
        watched = Watched(clock, tuple(WatchedSlo(str(n), burn, spend) for n, (burn, spend) in enumerate(look)))
        stop, doubts = judge(watched, LIMITS, doubts, clock)
        bad = any(
            (isinstance(burn, Known) and burn.value >= 14.4) or (isinstance(spend, Known) and spend.value > 0.02)
            for burn, spend in look
        )
        assert (stop is not None and stop.kind.of_the_system) == bad
        for number, (burn, spend) in enumerate(look):
            if isinstance(burn, Known) and isinstance(spend, Known):
                known_at[number] = clock
            if clock - known_at.get(number, 0.0) > 60 and stop is None:
                assert clock - doubts.since[str(number)] <= UNKNOWN_SECONDS
