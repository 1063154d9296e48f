"""The alert tiers: the published table, how it scales with the period, and which tiers can fire at all."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from slos.burn import budget_left
from slos.tiers import ALERT_WINDOWS, DAY, HOUR, TIER, TIERS, Tier, recorded_windows

EXAMPLES = settings(max_examples=15, deadline=None)


@pytest.mark.parametrize(("days", "factors"), [(30, (14.4, 6, 3, 1)), (28, (13.44, 5.6, 2.8, 28 / 30))])
def test_the_factors_are_those_of_the_table(days: int, factors: tuple[float, ...]) -> None:
    assert [tier.factor(days * DAY) for tier in TIERS] == pytest.approx(list(factors))


def test_the_windows_are_those_of_the_table() -> None:
    windows = {tier.name: (tier.long, tier.short, tier.urgency) for tier in TIERS}
    assert windows == {
        "fast-page": ("1h", "5m", "page"),
        "slow-page": ("6h", "30m", "page"),
        "fast-ticket": ("1d", "2h", "ticket"),
        "slow-ticket": ("3d", "6h", "ticket"),
    }
    assert all(tier.short_seconds == tier.long_seconds / 12 for tier in TIERS)


@EXAMPLES
@given(st.sampled_from(TIERS), st.floats(3 * DAY, 400 * DAY))
def test_burning_at_the_factor_for_the_long_window_spends_the_share(tier: Tier, period: float) -> None:
    assert tier.factor(period) * tier.long_seconds / period == pytest.approx(tier.budget_share)


@EXAMPLES
@given(st.sampled_from(TIERS), st.floats(3 * DAY, 400 * DAY), st.floats(0.01, 0.99999))
def test_a_tier_is_reachable_just_when_all_events_being_bad_fires_it(tier: Tier, period: float, goal: float) -> None:
    burn = 1 - budget_left(1.0, goal)
    assume(abs(burn / tier.factor(period) - 1) > 1e-9)
    assert tier.reachable(period, goal) == (burn > tier.factor(period))


@pytest.mark.parametrize(
    ("objective", "unreachable"),
    [
        (0.99, set()),
        (0.9306, set()),
        (0.9305, {"fast-page"}),
        (0.93, {"fast-page"}),
        (0.80, {"fast-page", "slow-page"}),
        (0.5, {"fast-page", "slow-page", "fast-ticket"}),
    ],
)
def test_low_objectives_have_tiers_that_can_never_fire(objective: float, unreachable: set[str]) -> None:
    assert {tier.name for tier in TIERS if not tier.reachable(30 * DAY, objective)} == unreachable


def test_windows_are_recorded_that_are_shorter_than_the_period() -> None:
    assert recorded_windows(28 * DAY) == ALERT_WINDOWS
    assert recorded_windows(DAY) == (300, 1800, HOUR, 2 * HOUR, 6 * HOUR)
    assert recorded_windows(3 * DAY)[-1] == DAY


def test_tiers_are_found_by_name() -> None:
    assert all(TIER[tier.name] is tier for tier in TIERS)
