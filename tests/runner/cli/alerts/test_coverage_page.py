from dataclasses import replace
from io import StringIO

import pytest

from runner.alerting.coverage import Coverage, CoveredAlert
from runner.alerting.timeline import AlertTimeline, StageSeen
from runner.cli.alerts.coverage_page import coverage_document, coverage_page
from runner.cli.slo.page import Page
from runner.store.values import AlertTry

NOW = 1_800_000_000.0
STAGES = (StageSeen("fault", NOW - 7200), StageSeen("firing", NOW - 7193.5), StageSeen("notified", NOW - 7192, "sink"))
TIMELINE = AlertTimeline("Burn", "a", "page", "oncall", STAGES, 30, None, "proven", predicted_at=NOW - 7194)
LOST = AlertTimeline("Lost", "a", "page", "oncall", STAGES, 30, None, "lost", "notified", "no notification in 15 s")
COVERAGE = Coverage(
    (
        CoveredAlert("Never", "b", "page", "never tried"),
        CoveredAlert("Lost", "a", "page", "never proven", tries=2, last=AlertTry("run-2", "t", NOW - 60, LOST)),
        CoveredAlert(
            "Burn", "a", "page", "proven", ("fast-page",), 4, 3,
            AlertTry("run-1", "t", NOW - 7200, TIMELINE), AlertTry("run-1", "t", NOW - 7200, TIMELINE),
        ),
    ),
    ("Templated",),
)  # fmt: skip


def shown(width: int = 80) -> str:
    out = StringIO()
    Page(out).print(*coverage_page(COVERAGE, "page", NOW, width))
    return out.getvalue()


def test_a_row_says_when_and_how_fast_an_alert_was_proven() -> None:
    text = " ".join(shown().split())
    assert "1 of 3 alerts of severity page are proven." in text
    assert "Burn proven 2h ago 3/4 6.5 s (6.0 s) 8.0 s (sink)" in text
    assert "Never never tried - - -" in text


def test_the_receiver_and_the_run_are_told_where_there_is_room() -> None:
    assert "run-1" not in shown(80)
    assert "8.0 s (sink) oncall run-1" in " ".join(shown(120).split())


def test_the_name_of_an_alert_stays_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "InferenceTokenThroughputBudgetBurnOfTheWholeFleet"
    long = replace(COVERAGE, alerts=(replace(COVERAGE.alerts[2], alert=name), COVERAGE.alerts[0]))
    monkeypatch.setenv("COLUMNS", "80")
    out = StringIO()
    Page(out).print(*coverage_page(long, "page", NOW, 80))
    assert name in out.getvalue()


def test_what_was_lost_is_said_with_its_stage_and_what_cannot_be_told_too() -> None:
    text = " ".join(shown().split())
    assert "Lost: run run-2 lost it at stage notified: no notification in 15 s" in text
    assert "Templated: its severity is a template" in text


def test_machines_are_told_the_same() -> None:
    document = coverage_document(COVERAGE)
    assert (document["covered"], document["whole"]) == (1, False)
    burn = document["alerts"][2]
    assert burn["last_proven"]["fired_after_seconds"] == 6.5
    assert burn["last_proven"]["predicted_after_seconds"] == 6.0
    assert burn["last_proven"]["evidence"] == "sink"
    assert document["alerts"][0]["last"] is None


@pytest.mark.parametrize(
    ("stages", "evidence"),
    [
        ((StageSeen("received", NOW, "alertmanager"), StageSeen("notified", NOW, "metrics")), "metrics"),
        ((StageSeen("received", NOW, "alertmanager"), StageSeen("notified", None)), "alertmanager"),
        ((StageSeen("firing", NOW, "prometheus"),), "none"),
    ],
)
def test_by_which_evidence_it_was_proven_is_told(stages: tuple[StageSeen, ...], evidence: str) -> None:
    proof = AlertTry("run-3", "t", NOW - 60, replace(TIMELINE, stages=(STAGES[0], *stages)))
    coverage = Coverage((CoveredAlert("Burn", "a", "page", "proven", (), 1, 1, proof, proof),))
    out = StringIO()
    Page(out).print(*coverage_page(coverage, "page", NOW, 80))
    assert f"({evidence})" in out.getvalue()
    assert coverage_document(coverage)["alerts"][0]["last_proven"]["evidence"] == evidence
