"""The probes of SLOs in real steady-state hypotheses: known readings meet tolerances, unknown ones meet none."""

import json
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from chaoslib.hypothesis import ensure_hypothesis_tolerance_is_valid, within_tolerance
from chaoslib.run import Runner
from chaoslib.types import Strategy

from probes.reading import NoReadingError, Reading
from probes.slo import budget_left, burn_rate, sli_value, state
from tests.recorded_slos import FakeSlo
from tests.recording_prometheus import Recording, recording_prometheus

DOCUMENT = Path(__file__).parents[2] / "docs" / "slo-probes.md"
SLO = "llm-availability"


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recording]:
    """A Prometheus that the environment names."""
    found = Recording([FakeSlo()])
    with recording_prometheus(found) as url:
        monkeypatch.setenv("PROMETHEUS_URL", url)
        yield found


def journal_of(experiment: dict[str, Any]) -> dict[str, Any]:
    """Run the hypothesis as `chaos run` does, once."""
    with Runner(Strategy.BEFORE_METHOD) as runner:
        found: dict[str, Any] = runner.run(experiment, {"runtime": {}})
    return found


def documented() -> dict[str, Any]:
    text = DOCUMENT.read_text().split("```yaml\n")[1].split("```")[0]
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def met(experiment: dict[str, Any]) -> bool:
    return bool(journal_of(experiment)["steady_states"]["before"]["steady_state_met"])


def test_a_reading_has_its_value_its_time_and_its_query(recording: Recording) -> None:
    before = time.time()
    found = burn_rate(SLO, "60m")
    assert found["value"] == 0.25
    assert before - 21 < found["at"] < time.time() - 19
    assert found["query"] == 'slo:burn_rate{slo="llm-availability",window="1h"}'
    assert json.loads(json.dumps(found)) == found


def test_every_probe_gives_what_it_says(recording: Recording) -> None:
    assert budget_left(SLO)["value"] == 0.75
    assert sli_value(SLO)["value"] == pytest.approx(1 - 0.25 * 0.001)
    assert state(SLO)["value"] == "good"
    recording.slos = [FakeSlo(budget=-0.5)]
    assert state(SLO)["value"] == "exhausted"
    assert budget_left(SLO)["value"] == -0.5


def test_the_documented_experiment_holds_for_a_good_slo(recording: Recording) -> None:
    journal = journal_of(documented())
    before = journal["steady_states"]["before"]
    assert before["steady_state_met"] is True
    assert [probe["output"]["value"] for probe in before["probes"]] == ["good", 0.25, 0.75]
    assert all(probe["output"]["at"] and probe["output"]["query"] for probe in before["probes"])


@pytest.mark.parametrize(
    "slo",
    [
        FakeSlo(budget=0.4),
        FakeSlo(burn={"5m": 1.5}),
        FakeSlo(budget=-0.1),
        FakeSlo(burn={"1h": None}),
        FakeSlo(age=200),
        FakeSlo(budget=math.nan),
        FakeSlo(budget=2),
        FakeSlo(age=-math.inf),
        FakeSlo(bad_age=200),
        FakeSlo("another"),
    ],
    ids=["little budget", "burns", "spent", "quiet", "stale", "NaN", "too much", "no time", "half", "not recorded"],
)
def test_the_documented_experiment_does_not_hold_otherwise(recording: Recording, slo: FakeSlo) -> None:
    recording.slos = [slo]
    assert not met(documented())


@pytest.mark.parametrize(
    ("tolerance", "value", "holds"),
    [
        ([0, 1], 1.0, True),
        ([0, 1], 1.001, False),
        ([0, 0.5], -0.001, False),
        ({"type": "range", "target": "value", "range": [0, 1]}, 1.0, True),
        ({"type": "range", "target": "value", "range": [0, 0.999]}, 0.9991, False),
        ({"type": "regex", "target": "value", "pattern": "^(good|burning)$"}, "burning", True),
        ({"type": "regex", "target": "value", "pattern": "^good$"}, "burning", False),
        ("good", "good", True),
        ("good", "exhausted", False),
        (["good", "burning", "fine"], "burning", True),
        (1, 1.0, True),
        (1, 0.999, False),
    ],
)
def test_tolerances_judge_the_value(tolerance: Any, value: float | str, holds: bool) -> None:
    ensure_hypothesis_tolerance_is_valid(tolerance)
    assert within_tolerance(tolerance, Reading(value=value, slo=SLO, at=1.0, query="x")) is holds


@pytest.mark.parametrize(
    ("tolerance", "value"),
    [
        (True, 1.0),
        (False, 0.0),
        (True, "good"),
        (["burning", "good"], "exhausted"),
        ([0, 1], "good"),
        (["a", "b"], 0.5),
        ("0.5", 0.5),
        (1, "good"),
    ],
)
def test_a_tolerance_of_another_kind_is_never_met_and_never_ends_the_run(tolerance: Any, value: float | str) -> None:
    """An exception would skip the rollbacks."""
    assert within_tolerance(tolerance, Reading(value=value, slo=SLO, at=1.0, query="x")) is False


def test_readings_with_the_same_keys_and_values_are_equal() -> None:
    one, other = Reading(value=1.0, slo=SLO), Reading(value=1.0, slo=SLO)
    assert one == other
    assert one == {"value": 1.0, "slo": SLO}
    assert one != Reading(value=1.0, slo="x")
    assert 0 < one < 2
    assert 1 <= one <= 1


@pytest.mark.parametrize(
    "tolerance",
    [True, False, 0, [0, 1], "unknown", {"type": "regex", "pattern": "."}],
    ids=str,
)
def test_no_tolerance_lets_unknown_pass(recording: Recording, tolerance: Any) -> None:
    recording.slos = [FakeSlo(budget=None, burn={"1h": None})]
    experiment = documented()
    for probe in experiment["steady-state-hypothesis"]["probes"]:
        one = probe | {"tolerance": tolerance}
        if probe["provider"]["func"] == "burn_rate":
            one["provider"] = probe["provider"] | {"arguments": {"slo": SLO, "window": "1h"}}
        hypothesis = experiment["steady-state-hypothesis"] | {"probes": [one]}
        assert not met(experiment | {"steady-state-hypothesis": hypothesis})


@pytest.mark.parametrize("burn", [{"5m": None}, {"1h": 500.0, "5m": None}], ids=["calm before", "burnt before"])
def test_traffic_that_has_stopped_is_no_state(recording: Recording, burn: dict[str, float | None]) -> None:
    recording.slos = [FakeSlo(burn=burn)]
    with pytest.raises(NoReadingError, match=r"state of SLO llm-availability is unknown: .*there were no events in 5m"):
        state(SLO)


def test_unknown_tells_why_in_the_journal(recording: Recording) -> None:
    recording.slos = [FakeSlo(burn={"1h": None})]
    journal = journal_of(documented())
    (probe,) = journal["steady_states"]["before"]["probes"]
    assert probe["status"] == "failed"
    assert "state of SLO llm-availability is unknown: there were no events in 1h" in str(probe["exception"])


@pytest.mark.parametrize(
    ("recording_of", "said"),
    [
        (Recording([FakeSlo()], warnings=["a store is down"]), "a store is down"),
        (Recording([FakeSlo(service="a"), FakeSlo(service="b")]), "recorded 2 times"),
        (Recording([FakeSlo(without=("window",))]), "the label window is missing"),
        (Recording(), "nothing is recorded of it"),
        (Recording([FakeSlo(events={"5m": None})]), "no data"),
    ],
)
def test_what_cannot_be_trusted_is_raised_by_every_probe(recording_of: Recording, said: str) -> None:
    with recording_prometheus(recording_of) as url:
        for probe in (burn_rate, budget_left, sli_value, state):
            with pytest.raises(NoReadingError, match=said):
                probe(SLO, prometheus_url=url)


def test_a_quiet_window_of_a_good_slo_is_no_reading(recording: Recording) -> None:
    recording.slos = [FakeSlo(burn={"3d": None})]
    assert state(SLO)["value"] == "good"
    with pytest.raises(
        NoReadingError, match="burn rate over 3d of SLO llm-availability is unknown: there were no events"
    ):
        burn_rate(SLO, "3d")


def test_a_window_that_is_not_recorded_is_named_with_those_that_are(recording: Recording) -> None:
    with pytest.raises(NoReadingError, match="recorded over 7m: choose from 5m, 30m, 1h, 2h, 6h, 1d, 3d, 28d"):
        burn_rate(SLO, "7m")


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:1"])
def test_a_prometheus_that_cannot_be_asked_is_no_reading(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMETHEUS_URL", url)
    with pytest.raises(NoReadingError, match=r"SLO llm-availability is unknown: .*Prometheus"):
        state(SLO)
