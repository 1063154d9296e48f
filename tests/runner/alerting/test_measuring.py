"""When an SLO burned fast enough, from counts of windows."""

import pytest

from runner.alerting.measuring import Burning, burning, crossing
from slos.tiers import TIER
from tests.runner.alerting.slos import slo

START = 1000.0
INSTANTS = [START + index for index in range(10)]


def values(long_bad: float, short_bad: float, since: int = 0, total: float = 100.0) -> dict[str, dict[int, float]]:
    """Counts at every instant; bad ones from an index on."""
    times = [round(at * 1000) for at in INSTANTS]
    bad = {"long": long_bad, "short": short_bad}
    return {
        f"fast-page:{window}:{what}": {
            time: total if what == "total" else (bad[window] if index >= since else 0.0)
            for index, time in enumerate(times)
        }
        for window in ("long", "short")
        for what in ("bad", "total")
    }


def fast(minimum_events: float = 0.0) -> Burning:
    return Burning(slo(minimum_events), (TIER["fast-page"],), 60)


def test_both_windows_have_to_burn() -> None:
    found = crossing(fast(), values(50, 50, since=4), INSTANTS)
    assert found.at == START + 4
    assert crossing(fast(), values(50, 0, since=4), INSTANTS).at is None


def test_what_burns_too_slowly_is_told_with_the_highest_burn() -> None:
    found = crossing(fast(), values(10, 12, since=4), INSTANTS)
    assert found.at is None
    assert found.known
    assert found.detail == "SLO a never burned fast enough: at most 10 in both windows of fast-page, which asks 13.44"
    assert crossing(fast(), values(0, 0), INSTANTS).detail == "SLO a did not burn at all"


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (13.4449, "fast-page: 13.445 in both windows, above 13.44"),
        (13.46, "fast-page: 13.46 in both windows, above 13.44"),
        (13.4400001, "fast-page: 13.4400001 in both windows, above 13.44"),
        (27.3666, "fast-page: 27.37 in both windows, above 13.44"),
    ],
)
def test_a_burn_and_what_it_is_above_are_told_in_one_precision(bad: float, told: str) -> None:
    assert crossing(fast(), values(bad, bad), INSTANTS).detail == told


def test_a_burn_that_is_just_not_enough_is_told_apart_from_what_is_asked() -> None:
    assert "at most 13.4399 in both windows of fast-page" in crossing(fast(), values(13.4399, 14), INSTANTS).detail


def test_without_counts_nothing_is_known() -> None:
    assert not crossing(fast(), {}, INSTANTS).known
    gone = {key: dict(list(series.items())[:5]) for key, series in values(0, 0).items()}
    assert not crossing(fast(), gone, INSTANTS).known


def test_no_traffic_does_not_burn() -> None:
    found = crossing(fast(), values(0, 0, total=0), INSTANTS)
    assert found.at is None
    assert found.known


def test_too_few_events_do_not_alert() -> None:
    assert crossing(fast(101), values(50, 50), INSTANTS).at is None


def test_tiers_of_another_severity_are_not_looked_at() -> None:
    found = burning(slo(), "page", 60)
    assert found is not None
    assert [tier.name for tier in found.tiers] == ["fast-page"]
    assert [(tier.name, tier.for_seconds) for tier in found.terms.tiers] == [("fast-page", 2.0)]
    assert burning(slo(), "nobody", 60) is None
