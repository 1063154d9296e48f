"""A week of real Prometheus with one incident of known size in it: `burn` and `backtest` find it as it was."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from runner.cli.slo import slo as group
from slos.model import Alerting, EventRatio, RollingWindow, Slo, TierAlert
from slos.problems import Place
from slos.rules.compile import RecordingRule, compile_slo
from slos.rules.literals import series
from slos.rules.names import BAD_EVENTS, BUDGET_REMAINING, BURN_RATE, EVENTS, INFO, OBJECTIVE, WINDOW_COVERAGE
from slos.tiers import DAY, HOUR, MINUTE, SLICE_SECONDS
from tests.backfill import backfilled
from tests.octets import reserved_octet
from tests.slos.firing import seconds_to_fire

pytestmark = [pytest.mark.lab, pytest.mark.needs("prometheus")]

END = 1_790_002_800.0  # 2026-09-21T15:00:00Z
PERIOD = 4 * DAY
INCIDENT = (END - 30 * HOUR, END - 30 * HOUR + 40 * MINUTE)
DARK = (END - 60 * HOUR, END - 54 * HOUR)
"""Prometheus was not there: six hours in four days."""
PER_MINUTE, BAD_SHARE, USUAL_SHARE, OBJECTIVE_RATIO = 600, 0.25, 0.001, 0.99
SLO = Slo(
    name="chat-availability",
    service="chat",
    objective=OBJECTIVE_RATIO,
    window=RollingWindow(PERIOD),
    indicator=EventRatio(total="requests_total", bad='requests_total{code="500"}'),
    alerting=Alerting("ChatBudgetBurn", "ChatSliAbsent", {"fast-page": TierAlert("page")}, None),
    place=Place("chat.yaml"),
)
FILE = """
apiVersion: openslo/v1
kind: SLO
metadata:
  name: chat-availability
  annotations: {mlchaos.io/tiers: "fast-page, slow-page"}
spec:
  service: chat
  indicator:
    metadata: {name: answered}
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {type: prometheus, spec: {query: 'requests_total{code="500"}'}}}
        total: {metricSource: {type: prometheus, spec: {query: requests_total}}}
  timeWindow: [{duration: 4d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
"""


def bad_per_minute(at: float) -> float:
    """Of the minute that ends then."""
    return PER_MINUTE * (BAD_SHARE if INCIDENT[0] < at <= INCIDENT[1] else USUAL_SHARE)


def dark(at: float) -> bool:
    return DARK[0] < at <= DARK[1]


def raw_samples() -> Iterator[str]:
    """The counters, scraped every minute for the window and the hours before it that fill the alert windows."""
    bad = good = 0.0
    lines: dict[str, list[str]] = {"200": [], "500": []}
    for minute in range(round((PERIOD + 6 * HOUR) / MINUTE) + 10, -1, -1):
        at = END - minute * MINUTE
        bad, good = bad + bad_per_minute(at), good + PER_MINUTE - bad_per_minute(at)
        if not dark(at):
            lines["500"].append(f'requests_total{{code="500"}} {bad} {at:.0f}')
            lines["200"].append(f'requests_total{{code="200"}} {good} {at:.0f}')
    yield "# TYPE requests counter"
    yield from (*lines["200"], *lines["500"])


def recorded_samples() -> Iterator[str]:
    """What the rules would have recorded: the slices of the window, and at its end the rest."""
    labels = {"slo": SLO.name, "service": SLO.service}
    ends = [END - index * SLICE_SECONDS for index in range(round(PERIOD / SLICE_SECONDS) - 1, -1, -1)]
    slices = [(at, 5 * bad_per_minute(at), 5 * PER_MINUTE) for at in ends if not dark(at)]
    for name, column in ((EVENTS, 2), (BAD_EVENTS, 1)):
        yield f"# TYPE {name} gauge"
        yield from (f"{series(name, **labels, window='5m')} {one[column]} {one[0]:.0f}" for one in slices)
    spent = sum(bad for _, bad, _ in slices) / sum(total for _, _, total in slices) / (1 - OBJECTIVE_RATIO)
    (info,) = (
        rule
        for group in compile_slo(SLO)
        for rule in group.rules
        if isinstance(rule, RecordingRule) and rule.record == INFO
    )
    last = {
        series(INFO, **info.labels): 1.0,
        series(OBJECTIVE, **labels): OBJECTIVE_RATIO,
        series(BUDGET_REMAINING, **labels): 1 - spent,
        series(BURN_RATE, **labels, window=SLO.window.label): spent,
        series(WINDOW_COVERAGE, **labels): len(slices) / len(ends),
        **{series(BURN_RATE, **labels, window=window): 0.1 for window in ("5m", "30m", "1h", "2h", "6h", "1d", "3d")},
    }
    for name in (INFO, OBJECTIVE, BUDGET_REMAINING, WINDOW_COVERAGE, BURN_RATE):
        yield f"# TYPE {name} gauge"
        yield from (f"{one} {value} {END:.0f}" for one, value in last.items() if one.startswith(f"{name}{{"))


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    text = "\n".join((*raw_samples(), *recorded_samples(), "# EOF\n"))
    with reserved_octet() as octet, backfilled(tmp_path_factory.mktemp("history"), octet, text) as url:
        yield url


def chaos_slo(arguments: Sequence[str], url: str) -> Result:
    return CliRunner().invoke(group, [*arguments, "--prometheus", url, "--at", f"{END:.0f}"], catch_exceptions=False)


def budget_share(bad: float) -> float:
    known = (PERIOD - (DARK[1] - DARK[0])) / MINUTE * PER_MINUTE
    return bad / (known * (1 - OBJECTIVE_RATIO))


def test_burn_finds_when_it_was_and_what_it_cost(history: str) -> None:
    document: dict[str, Any] = json.loads(chaos_slo(["burn", SLO.name, "--json"], history).stdout)
    (burn,) = document["burns"]
    assert (burn["start"], burn["end"]) == INCIDENT
    assert burn["bad_events"] == pytest.approx(40 * PER_MINUTE * BAD_SHARE)
    assert burn["share"] == pytest.approx(budget_share(40 * PER_MINUTE * BAD_SHARE))
    assert burn["peak_burn"] == pytest.approx(BAD_SHARE / (1 - OBJECTIVE_RATIO))
    assert burn["share"] + document["between_burns"]["share"] == pytest.approx(1 - document["status"]["budget_left"])
    left = document["slices"]["budget_left"]
    assert [one is None for one in left] == [
        dark(document["slices"]["start"] + (index + 1) * SLICE_SECONDS) for index in range(len(left))
    ]


def test_burn_prints_a_page_of_80_columns(history: str) -> None:
    shown = chaos_slo(["burn", SLO.name], history)
    assert shown.exit_code == 0
    assert max(len(line) for line in shown.stdout.splitlines()) <= 80
    assert "2026-09-20 09:00 to 09:40" in shown.stdout
    assert "No data for 6.2% of the window" in shown.stdout


def test_backtest_finds_it_in_the_raw_series(history: str, tmp_path: Path) -> None:
    (tmp_path / "chat.yaml").write_text(FILE)
    asked = ["backtest", str(tmp_path / "chat.yaml"), "--days", "4", "--objective", "95", "--json"]
    document: dict[str, Any] = json.loads(chaos_slo(asked, history).stdout)
    (slo,) = document["slos"]
    declared, changed = slo["results"]
    paged = [(one["tier"], one["start"], one["end"]) for one in declared["alerts"]]
    predicted = seconds_to_fire(0.02 * 4 * 24, OBJECTIVE_RATIO, HOUR, BAD_SHARE - USUAL_SHARE)
    assert [tier for tier, _, _ in paged] == ["fast-page", "slow-page"]
    assert 0 <= paged[0][1] - INCIDENT[0] - predicted <= 2 * MINUTE
    assert 0 <= paged[0][2] - INCIDENT[1] <= 5 * MINUTE
    assert [one["tier"] for one in changed["alerts"]] == ["fast-page"]  # 2.8% over 6 h are less than 0.8 x 5%
    assert slo["coverage"] == pytest.approx(1 - 6 / 96, abs=0.002)
    cost = budget_share(40 * PER_MINUTE * BAD_SHARE) + USUAL_SHARE / (1 - OBJECTIVE_RATIO)
    assert declared["budget_left"] == pytest.approx(1 - cost, abs=0.01)
