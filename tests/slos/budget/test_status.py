"""The state of an SLO: what is known, what is not, and that the unknown is never good."""

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from slos.budget.status import SloStatus, judge, worst_first
from slos.tiers import DAY, HOUR
from tests.recorded_slos import AT, FakeSlo, Series, calendar_start, recorded


def status(slo: FakeSlo, *more: Series, warnings: tuple[str, ...] = ()) -> SloStatus:
    (found,) = judge(recorded(slo, more=more, warnings=warnings))
    return found


def reason(found: SloStatus) -> str:
    return "; ".join(found.reasons)


PAGING = {"1h": 20.0, "5m": 30.0}


def test_a_healthy_slo_is_good_and_tells_its_figures() -> None:
    found = status(FakeSlo())
    assert found.state == "good"
    assert found.reasons == ()
    assert found.sli == pytest.approx(1 - 0.25 * 0.001)
    assert found.budget_left == 0.75
    assert list(found.burn) == ["5m", "30m", "1h", "2h", "6h", "1d", "3d", "28d"]
    assert found.burn["28d"] == 0.25
    assert found.read_at == AT - 20


def test_time_to_exhaustion_is_budget_left_times_period_by_the_burn_of_the_last_hour() -> None:
    assert status(FakeSlo(burn={"1h": 2})).seconds_to_exhaustion == pytest.approx(0.75 * 28 * DAY / 2)
    assert status(FakeSlo(burn={"1h": 0})).seconds_to_exhaustion == math.inf


def test_a_time_scale_makes_it_sooner() -> None:
    assert status(FakeSlo(burn={"1h": 2}, time_scale="60", age=1, long_age=1)).seconds_to_exhaustion == pytest.approx(
        0.75 * 28 * DAY / 2 / 60
    )


def test_both_windows_of_a_tier_over_its_factor_are_burning() -> None:
    found = status(FakeSlo(burn=dict(PAGING)))
    assert found.state == "burning"
    assert found.burning_tiers == ("fast-page",)
    assert "fast-page: burns at 20 over 1h and 30 over 5m, above 13.4" in found.reasons


@pytest.mark.parametrize("burn", [{"1h": 20.0}, {"5m": 30.0}, {"1h": 13.44, "5m": 30.0}])
def test_one_window_over_or_both_at_the_factor_are_not(burn: dict[str, float | None]) -> None:
    assert status(FakeSlo(burn=burn)).state == "good"


def test_a_tier_that_is_off_does_not_burn() -> None:
    assert status(FakeSlo(burn=dict(PAGING), tiers="slow-page")).state == "good"


def test_a_budget_that_is_gone_is_exhausted_even_when_it_burns() -> None:
    found = status(FakeSlo(budget=-0.12, burn=dict(PAGING)))
    assert found.state == "exhausted"
    assert found.burning_tiers == ("fast-page",)
    assert found.reasons[0] == "the budget of 28d is spent (-12.0% left)"
    assert found.seconds_to_exhaustion == 0


@pytest.mark.parametrize(("coverage", "share"), [(0.002, "0.2%"), (1 / 8064, "0.012%"), (0.0999, "10%")])
def test_a_budget_judged_from_little_says_from_how_little(coverage: float, share: str) -> None:
    found = status(FakeSlo(budget=-3.945, coverage=coverage))
    assert found.reasons == (
        f"the budget of 28d is spent (-394.5% left), judged from the {share} of it that has been seen",
    )


@pytest.mark.parametrize("coverage", [0.1, 1.0])
def test_a_budget_judged_from_more_does_not(coverage: float) -> None:
    assert status(FakeSlo(budget=-0.5, coverage=coverage)).reasons == ("the budget of 28d is spent (-50.0% left)",)


def test_a_burn_says_how_little_of_its_long_window_can_have_been_seen() -> None:
    burn: dict[str, float | None] = {"1d": 5.0, "2h": 5.0, "3d": 2.0, "6h": 2.0}
    found = status(FakeSlo(burn=burn, coverage=0.005))
    assert found.reasons == (
        "fast-ticket: burns at 5 over 1d and 5 over 2h, above 2.8",  # 3.4 h have been seen, 14 % of the day
        "slow-ticket: burns at 2 over 3d and 2 over 6h, above 0.933, judged from the 4.7% of 3d that has been seen",
    )


def test_a_burn_in_a_month_that_has_just_begun_says_nothing_of_the_days_before() -> None:
    month = FakeSlo(
        window="month", period_seconds=30 * DAY, calendar="month", time_zone="UTC", first="1", coverage=0.005,
        burn={"3d": 2.0, "6h": 2.0},
    )  # fmt: skip
    assert status(month).reasons == ("slow-ticket: burns at 2 over 3d and 2 over 6h, above 1",)


def test_a_budget_of_exactly_nothing_is_exhausted() -> None:
    assert status(FakeSlo(budget=0.0)).state == "exhausted"


@pytest.mark.parametrize(
    ("slo", "why"),
    [
        (FakeSlo(burn={"1h": None}), "there were no events in 1h"),
        (FakeSlo(burn={"1h": math.nan}), "its burn rate over 1h is nan"),
        (FakeSlo(burn={"1h": math.inf}), "its burn rate over 1h is inf"),
        (FakeSlo(events={"5m": None}), "its SLI has no data"),
        (FakeSlo(budget=None), "its budget is not recorded (yet)"),
        (FakeSlo(budget=math.nan), "its budget is nan"),
        (FakeSlo(budget=math.inf), "its budget is inf"),
        (FakeSlo(long_age=361), "rules of its long windows give nothing current"),
        (FakeSlo(objective=math.nan), "objective is not recorded"),
        (FakeSlo(objective=1.0), "objective is not recorded, or none"),
        (FakeSlo(age=91), "its newest reading is 1m31s old"),
        (FakeSlo(time_scale="60", age=16, long_age=1), "its newest reading is 16s old"),
        (FakeSlo(time_scale="60", age=1, long_age=16), "rules of its long windows give nothing current"),
        (FakeSlo(tiers="slow-ticket", burn={"3d": None}), "there were no events in 3d"),
        (FakeSlo(tiers="", burn={"5m": None}), "there were no events in 5m"),
        (FakeSlo(minimum_events="20", events={"1h": 12}), "12 events in 1h are fewer than the 20"),
        (FakeSlo(minimum_events="20", events={"28d": 12}), "12 events in 28d are fewer than the 20"),
        (FakeSlo(minimum_events="20", events={"1h": None}), "0 events in 1h are fewer than the 20"),
        (FakeSlo(burn={"5m": None}), "there were no events in 5m"),
        (FakeSlo(burn={"5m": None, "1h": None}), "there were no events in 1h; there were no events in 5m"),
        (FakeSlo(minimum_events="20", events={"5m": 5}), "5 events in 5m are fewer than the 20"),
        (FakeSlo(tiers="slow-page", burn={"30m": None}), "there were no events in 30m"),
    ],
)
def test_what_cannot_be_known_is_unknown_with_its_reason(slo: FakeSlo, why: str) -> None:
    found = status(slo)
    assert found.state == "unknown"
    assert why in reason(found)


def test_a_budget_that_nothing_is_measured_for_is_not_another_reason() -> None:
    assert len(status(FakeSlo(events={"5m": None}, budget=None)).reasons) == 1


def test_a_reading_as_old_as_its_rules_may_make_it_is_current() -> None:
    assert status(FakeSlo(age=90, long_age=360)).state == "good"
    assert status(FakeSlo(time_scale="60", age=15, long_age=15)).state == "good"


def half_known(name: str, window: str, other: str, factor: str) -> str:
    return (
        f"{name}: burns at 500 over {window}, above {factor}, and at an unknown rate over {other}: "
        f"there were no events in {other}"
    )


@pytest.mark.parametrize(
    ("known", "other", "name", "factor"),
    [
        ("1h", "5m", "fast-page", "13.4"),
        ("5m", "1h", "fast-page", "13.4"),
        ("6h", "30m", "slow-page", "5.6"),
        ("30m", "6h", "slow-page", "5.6"),
        ("1d", "2h", "fast-ticket", "2.8"),
        ("2h", "1d", "fast-ticket", "2.8"),
        ("3d", "6h", "slow-ticket", "0.933"),
        ("6h", "3d", "slow-ticket", "0.933"),
    ],
)
def test_a_tier_that_may_burn_for_all_that_is_known_is_unknown(known: str, other: str, name: str, factor: str) -> None:
    found = status(FakeSlo(burn={known: 500.0, other: None}))
    assert found.state == "unknown"
    assert half_known(name, known, other, factor) in found.reasons
    assert len(set(found.reasons)) == len(found.reasons)


def test_a_fault_that_takes_the_traffic_with_it_is_unknown() -> None:
    slo = FakeSlo(tiers="fast-page,slow-page", burn={"1h": 500.0, "6h": 83.0, "5m": None, "30m": None})
    found = status(slo)
    assert found.state == "unknown"
    assert found.reasons == (
        half_known("fast-page", "1h", "5m", "13.4"),
        half_known("slow-page", "6h", "30m", "5.6").replace("500", "83"),
    )


def test_too_few_events_beside_a_burn_are_unknown() -> None:
    found = status(FakeSlo(minimum_events="20", events={"2h": 3}, burn={"1d": 9.0}))
    assert found.state == "unknown"
    assert reason(found) == (
        "fast-ticket: burns at 9 over 1d, above 2.8, and at an unknown rate over 2h: 3 events in 2h are fewer than the "
        "20 that it judges by"
    )


def test_a_tier_that_is_off_leaves_nothing_unknown() -> None:
    """Rare events: what is only judged over days is not asked for in minutes."""
    quiet: dict[str, float | None] = {"5m": None, "30m": None, "1h": None, "2h": None}
    assert status(FakeSlo(tiers="slow-ticket", burn=quiet)).state == "good"
    assert status(FakeSlo(tiers="slow-ticket", burn=quiet | {"1d": 500.0})).state == "good"


def test_a_slow_tier_with_a_calm_window_is_known_not_to_burn() -> None:
    assert status(FakeSlo(burn={"30m": None, "2h": None})).state == "good"
    assert status(FakeSlo(burn={"6h": None})).state == "good"


def test_a_burn_over_days_is_not_known_from_an_old_reading() -> None:
    found = status(FakeSlo(burn={"2h": 5.0, "1d": 5.0}, long_age=400))
    assert found.state == "unknown"
    assert "and at an unknown rate over 1d: its reading over 1d is old" in found.reasons[0]


def test_a_quiet_slow_window_does_not_make_the_whole_unknown() -> None:
    found = status(FakeSlo(burn={"3d": None, "6h": None}))
    assert found.state == "good"
    assert found.burn["3d"] is None


def test_too_few_events_neither_burn_nor_judge() -> None:
    found = status(FakeSlo(minimum_events="20", events={"5m": 5}, burn=dict(PAGING)))
    assert found.burn["5m"] is None
    assert found.burning_tiers == ()


def test_unknown_never_hides_that_a_budget_is_gone_or_burns() -> None:
    gone = status(FakeSlo(budget=-1, burn={"1h": None}))
    assert gone.state == "exhausted"
    assert "there were no events in 1h" in gone.reasons
    burning = status(FakeSlo(budget=None, burn=dict(PAGING)))
    assert burning.state == "burning"


def test_warnings_make_everything_unknown_and_leave_no_value_to_rely_on() -> None:
    found = status(FakeSlo(budget=-0.1), warnings=("a store is down",))
    assert found.state == "unknown"
    assert (found.sli, found.budget_left, found.seconds_to_exhaustion, found.coverage) == (None, None, None, None)
    assert set(found.burn.values()) == {None}
    assert found.burning_tiers == ()
    assert found.reasons == (
        "Prometheus warns that data may be missing: a store is down",
        "last known: the budget of 28d is spent (-10.0% left)",
    )


def test_stale_readings_leave_no_value_to_rely_on() -> None:
    found = status(FakeSlo(age=200))
    assert found.budget_left is None
    assert found.read_at == AT - 200


def test_long_windows_that_are_not_recorded_any_more_have_no_burn_rate() -> None:
    found = status(FakeSlo(long_age=400))
    assert found.burn["6h"] == 0.25
    assert (found.burn["1d"], found.burn["3d"], found.burn["28d"]) == (None, None, None)


@pytest.mark.parametrize("label", ["window", "period_seconds", "minimum_events", "time_scale", "service"])
def test_an_info_that_lacks_a_label_is_named(label: str) -> None:
    found = status(FakeSlo(without=(label,)))
    assert found.state == "unknown"
    assert f"its slo:info is not of this version: the label {label} is missing" in reason(found)
    assert "chaos slo rules" in reason(found)


@pytest.mark.parametrize(
    ("slo", "why"),
    [
        (FakeSlo(tiers="fast-page,panic"), "the label tiers names panic, which is no tier"),
        (FakeSlo(minimum_events="few"), "the label minimum_events is 'few', not a number"),
        (FakeSlo(time_scale="0"), "the label time_scale is '0', which cannot be"),
        (FakeSlo(minimum_events="nan"), "which cannot be"),
        (FakeSlo(name=""), "no label slo"),
    ],
)
def test_an_info_that_holds_what_cannot_be_is_named(slo: FakeSlo, why: str) -> None:
    found = status(slo)
    assert found.state == "unknown"
    assert why in reason(found)


def test_series_without_an_info_are_no_healthy_slo() -> None:
    whole = recorded(FakeSlo())
    (found,) = judge(replace(whole, infos=()))
    assert found.state == "unknown"
    assert "its slo:info is missing" in reason(found)


@pytest.mark.parametrize("part", ["infos", "objectives", "burn_rates", "budgets", "event_times", "long_times"])
def test_without_any_of_the_series_that_it_needs_an_slo_is_not_good(part: str) -> None:
    (found,) = judge(replace(recorded(FakeSlo()), **{part: ()}))  # type: ignore[arg-type]
    assert found.state == "unknown"
    assert found.reasons


def test_one_name_in_two_services_is_neither() -> None:
    (found,) = judge(recorded(FakeSlo(service="a"), FakeSlo(service="b")))
    assert found.state == "unknown"
    assert "it is recorded 2 times (service a, b)" in reason(found)


def test_a_series_that_is_there_twice_is_not_believed() -> None:
    twice = Series(
        "slo:burn_rate", {"slo": "llm-availability", "service": "llm", "window": "1h", "replica": "b"}, 0, AT
    )
    found = status(FakeSlo(burn=dict(PAGING)), twice)
    assert found.state == "unknown"
    assert "its burn rate is recorded more than once" in reason(found)


def test_a_name_that_nothing_is_recorded_of_is_unknown_with_the_remedy() -> None:
    found = judge(recorded(FakeSlo()), ["llm-ttft"])
    assert [(one.name, one.state) for one in found] == [("llm-ttft", "unknown")]
    assert found[0].reasons == ("nothing is recorded of it: load its rules into Prometheus: chaos slo rules",)


def test_without_names_every_recorded_slo_is_there() -> None:
    found = judge(recorded(FakeSlo("b"), FakeSlo("a")))
    assert [one.name for one in found] == ["a", "b"]
    assert judge(recorded()) == ()


def test_a_window_shorter_than_a_tier_has_fewer_burn_rates() -> None:
    found = status(FakeSlo(window="6h", period_seconds=6 * HOUR, tiers="fast-page", burn={"1h": 0.1}))
    assert list(found.burn) == ["5m", "30m", "1h", "2h", "6h"]
    assert found.state == "good"


def test_a_window_without_an_hour_tells_no_time_to_exhaustion() -> None:
    found = status(FakeSlo(window="30m", period_seconds=HOUR / 2, tiers=""))
    assert found.state == "good"
    assert found.seconds_to_exhaustion is None


JANUARY = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


def monthly(burn: float, *starts: Series) -> SloStatus:
    slo = FakeSlo(
        window="month", period_seconds=30 * DAY, calendar="month", time_zone="UTC", first="1", burn={"1h": burn}
    )
    return status(slo, *starts)


def test_a_calendar_budget_lasts_as_long_as_its_traffic_so_far_says() -> None:
    elapsed = AT - JANUARY
    assert monthly(5, calendar_start(JANUARY)).seconds_to_exhaustion == pytest.approx(0.75 * elapsed / 4)


def test_a_calendar_budget_that_outlasts_its_month_is_never_gone() -> None:
    assert monthly(1.5, calendar_start(JANUARY)).seconds_to_exhaustion == math.inf
    assert monthly(0.5, calendar_start(JANUARY)).seconds_to_exhaustion == math.inf


def test_a_beginning_that_is_not_known_is_no_time() -> None:
    assert monthly(5).seconds_to_exhaustion is None
    assert monthly(5, calendar_start(JANUARY), calendar_start(JANUARY + 1)).seconds_to_exhaustion is None
    assert monthly(5, calendar_start(JANUARY, time_zone="Asia/Tokyo")).seconds_to_exhaustion is None
    assert monthly(5, calendar_start(JANUARY, first="2")).seconds_to_exhaustion is None


def test_what_pages_comes_first_then_what_is_spent_then_tickets_then_the_unknown() -> None:
    slos = [
        FakeSlo("good"),
        FakeSlo("less-good", budget=0.1),
        FakeSlo("unknown", budget=None),
        FakeSlo("ticket", burn={"3d": 2.0, "6h": 2.0}),
        FakeSlo("spent", budget=-0.5),
        FakeSlo("paging", burn=dict(PAGING)),
        FakeSlo("spent-and-paging", budget=-0.2, burn=dict(PAGING)),
    ]
    order = [one.name for one in worst_first(judge(recorded(*slos)))]
    assert order == ["spent-and-paging", "paging", "spent", "ticket", "unknown", "less-good", "good"]
