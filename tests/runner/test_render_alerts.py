"""The stages of alerts on a terminal."""

from dataclasses import replace

from rich.console import Console

from runner.alerting.timeline import AlertPath, AlertTimeline, StageSeen, StrayPage
from runner.render_alerts import render_alerts

TIMELINE = AlertTimeline(
    alert="Burn",
    slo="a",
    severity="page",
    receiver="oncall",
    stages=(
        StageSeen("fault", 100.0, "ledger"),
        StageSeen("firing", 103.5, "prometheus"),
        StageSeen("notified", None, "none", "nobody was told"),
    ),
    fires_within=30,
    resolves_within=None,
    outcome="proven",
    predicted_at=102.4,
    prediction="50% were bad",
)


def printed(path: AlertPath) -> str:
    console = Console(width=100, record=True, file=None, quiet=False, force_terminal=False)
    with console.capture() as captured:
        for part in render_alerts(path):
            console.print(part)
    return captured.get()


def test_what_was_predicted_stands_beside_what_was_measured() -> None:
    text = printed(AlertPath((TIMELINE,), evidence="sink"))
    assert "Burn (page) to oncall: proven" in text
    (firing,) = [line.split() for line in text.splitlines() if line.strip().startswith("firing")]
    assert firing == ["firing", "3.5", "s", "2.4", "s", "prometheus"]
    assert "prediction: 50% were bad" in text
    assert "the sink" in text


def test_a_stage_that_was_not_seen_has_no_time_and_a_lost_alert_its_reason() -> None:
    lost = replace(TIMELINE, outcome="lost", lost_at="notified", reason="a silence", muted_by="inhibition")
    text = printed(AlertPath((lost,), evidence="metrics"))
    assert "Burn (page) to oncall, muted by an inhibition: lost at notified, a silence" in text
    (notified,) = [line.split() for line in text.splitlines() if line.strip().startswith("notified")]
    assert notified == ["notified", "-", "nobody", "was", "told"]
    assert "counters" in text


def test_pages_that_nobody_expected_are_told_and_that_there_were_none_where_they_are_forbidden() -> None:
    stray = StrayPage("Other", "page", "boss", 1.0, {})
    assert "A page that nobody expected: Other at boss" in printed(AlertPath(strays=(stray,)))
    assert "Other pages: none" in printed(AlertPath(strays_forbidden=True))
    assert "Other pages: not known (away)" in printed(AlertPath(strays_forbidden=True, strays_unknown="away"))
    assert printed(AlertPath()) == ""
