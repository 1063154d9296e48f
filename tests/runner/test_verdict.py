"""The verdict of every way in which a run can end, from the journal that Chaos Toolkit leaves."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.alerting.timeline import AlertPath, AlertTimeline, StrayPage
from runner.evidence import Evidence, Failure, GuardEvidence, Hypothesis, read_evidence
from runner.guarding.recovery import Recovery
from runner.guarding.stops import Stop, StopKind
from runner.outcome import Outcome
from runner.verdict import decide
from tests.runner.runs.journals import activity, failed, journal, met, outside, states, succeeded, unreadable

KILL = activity("kill", "actions.pods", "kill")
HEAL = activity("heals", "probes.kube", "healed")
SIGTERM = "chaoslib.exceptions.InterruptExecution: SIGTERM signal received"

RECOVERED = Recovery("recovered", 1.0)

CASES: list[tuple[str, dict[str, Any], tuple[int, int], Outcome, str]] = [
    ("all is well", journal(), (1, 0), Outcome.HELD, "met before the fault and again after it"),
    (
        "the gate is out of tolerance",
        journal(steady_states={"before": outside(), "after": None, "during": []}, run=[]),
        (0, 0),
        Outcome.REFUSED,
        "nothing was touched, the steady state is not met: availability is 0.9, and must be 0.99 to 1.0",
    ),
    (
        "the gate cannot be read",
        journal(
            status="failed",
            steady_states={"before": unreadable("probes.serving.NoReadingError: no traffic"), "after": None},
        ),
        (0, 0),
        Outcome.REFUSED,
        "availability: no traffic",
    ),
    (
        "nothing watches",
        journal(status="failed", steady_states={"before": unreadable("actions.run_context.NoOpenRunError: x")}),
        (0, 0),
        Outcome.REFUSED,
        "availability: x",
    ),
    (
        "the gate was skipped",
        journal(steady_states={"before": None, "after": met(), "during": []}),
        (1, 0),
        Outcome.INCONCLUSIVE,
        "not checked before",
    ),
    (
        "interrupted before the gate",
        journal(status="interrupted", steady_states={"before": None, "after": None, "during": []}),
        (0, 0),
        Outcome.ABORTED,
        "before anything was touched",
    ),
    (
        "interrupted in a probe of the gate",
        journal(status="failed", steady_states={"before": unreadable(SIGTERM)}),
        (0, 0),
        Outcome.ABORTED,
        "interrupted during availability: SIGTERM",
    ),
    (
        "the action refuses",
        journal(status="interrupted", run=[failed(KILL, "actions.fault.RefusedError: outside")]),
        (0, 0),
        Outcome.REFUSED,
        "kill: outside",
    ),
    (
        "the action refuses half-way",
        journal(run=[failed(KILL, "actions.fault.RefusedError: it went away")]),
        (1, 0),
        Outcome.ERROR,
        "only a part of the faults went in: kill: it went away",
    ),
    (
        "the action fails",
        journal(run=[failed(KILL, "clients.kube.KubeError: connection refused")]),
        (0, 0),
        Outcome.ERROR,
        "kill: connection refused",
    ),
    (
        "the workload never heals",
        journal(run=[succeeded(KILL), failed(HEAL, "probes.kube.NotHealedError: 2 of 3 ready")]),
        (1, 0),
        Outcome.BREACHED,
        "heals: 2 of 3 ready",
    ),
    (
        "SIGTERM in an activity, which Chaos Toolkit takes for a failure",
        journal(run=[succeeded(KILL), failed(HEAL, SIGTERM)]),
        (1, 0),
        Outcome.ABORTED,
        "interrupted during heals",
    ),
    (
        "an activity was cut short",
        journal(status="interrupted", run=[succeeded(KILL), {"activity": HEAL, "output": None}]),
        (1, 0),
        Outcome.ABORTED,
        "interrupted during heals",
    ),
    ("Ctrl-C between activities", journal(status="interrupted"), (1, 0), Outcome.ABORTED, "was interrupted"),
    ("Chaos Toolkit gave up", journal(status="aborted"), (1, 0), Outcome.ERROR, "unexpected error"),
    (
        "a rollback failed",
        journal(rollbacks=[failed(activity("undo"), "ValueError: x")]),
        (1, 0),
        Outcome.ERROR,
        "a rollback failed, so check what it should have undone: undo: x",
    ),
    ("nothing was broken", journal(), (0, 0), Outcome.INCONCLUSIVE, "no fault was injected"),
    ("who knows whether it was", journal(), (0, 1), Outcome.ERROR, "not known whether a fault went in"),
    (
        "the steady state is gone",
        journal(deviated=True, steady_states=states(after=outside(0.5))),
        (1, 0),
        Outcome.BREACHED,
        "did not come back: availability is 0.5",
    ),
    (
        "the steady state cannot be read after",
        journal(
            status="failed",
            deviated=True,
            steady_states=states(after=unreadable("probes.serving.NoReadingError: no data")),
        ),
        (1, 0),
        Outcome.INCONCLUSIVE,
        "availability: no data",
    ),
    (
        "Prometheus is gone after",
        journal(status="failed", deviated=True, steady_states=states(after=unreadable("x.PrometheusError: down"))),
        (1, 0),
        Outcome.ERROR,
        "availability: down",
    ),
    (
        "the steady state was not read after",
        journal(steady_states={"before": met(), "after": None, "during": []}),
        (1, 0),
        Outcome.INCONCLUSIVE,
        "not checked after",
    ),
    (
        "the steady state was lost meanwhile",
        journal(steady_states=states(during=[met(), outside()])),
        (1, 0),
        Outcome.BREACHED,
        "lost meanwhile",
    ),
    ("a dry run", journal(experiment={"dry": "actions"}), (0, 0), Outcome.INCONCLUSIVE, "dry run breaks nothing"),
    ("a dry run that broke something", journal(experiment={"dry": "x"}), (1, 0), Outcome.ERROR, "a fault went in"),
    ("an unknown end", journal(status="failed"), (1, 0), Outcome.ERROR, "ended with status failed"),
]


@pytest.mark.parametrize(("case", "document", "faults", "outcome", "reason"), CASES, ids=[case[0] for case in CASES])
def test_every_end_has_its_verdict(
    case: str, document: dict[str, Any], faults: tuple[int, int], outcome: Outcome, reason: str
) -> None:
    injected, uncertain = faults
    guard = GuardEvidence(injected, uncertain, recovery=RECOVERED)
    verdict = decide(read_evidence(document, guard))
    assert verdict.outcome is outcome
    assert reason in verdict.reason


failures = st.builds(
    Failure, st.text(max_size=5), st.sampled_from(["RefusedError", "X", "NotHealedError", ""]), st.text()
)
hypotheses = st.none() | st.builds(Hypothesis, st.booleans(), st.none() | failures, st.text())
evidences = st.builds(
    Evidence,
    status=st.sampled_from(["completed", "failed", "aborted", "interrupted", "None"]),
    deviated=st.booleans(),
    dry=st.booleans(),
    before=hypotheses,
    after=hypotheses,
    during=st.lists(hypotheses.filter(lambda one: one is not None), max_size=2).map(tuple),
    method_failures=st.lists(failures, max_size=2).map(tuple),
    rollback_failures=st.lists(failures, max_size=2).map(tuple),
    guard=st.builds(
        GuardEvidence,
        injected=st.integers(0, 2),
        uncertain=st.integers(0, 1),
        stop=st.none() | st.builds(Stop, st.sampled_from(StopKind), st.text(), st.just(0.0)),
        stuck=st.lists(st.text(), max_size=1).map(tuple),
        recovery=st.builds(
            Recovery, st.sampled_from(["recovered", "not recovered", "unknown", "not waited for"]), st.none(), st.text()
        ),
    ),
)


@given(evidences)
def test_only_a_run_with_nothing_missing_and_nothing_wrong_is_held(evidence: Evidence) -> None:
    proven = (
        evidence.status == "completed"
        and not evidence.deviated
        and not evidence.dry
        and evidence.before is not None
        and evidence.before.met
        and evidence.after is not None
        and evidence.after.met
        and all(reading.met for reading in evidence.during)
        and not evidence.method_failures
        and not evidence.rollback_failures
        and evidence.guard.injected > 0
        and evidence.guard.uncertain == 0
        and evidence.guard.stop is None
        and not evidence.guard.stuck
        and evidence.guard.recovery.state == "recovered"
    )
    assert (decide(evidence).outcome is Outcome.HELD) == proven


def held(**guard: Any) -> Evidence:
    return read_evidence(journal(), GuardEvidence(**{"injected": 1, "recovery": RECOVERED, **guard}))


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [(kind, Outcome.BREACHED if kind in (StopKind.BREACH, StopKind.SPEND) else Outcome.ABORTED) for kind in StopKind],
)
def test_a_stop_for_what_the_system_did_is_a_breach_and_any_other_an_abortion(kind: StopKind, outcome: Outcome) -> None:
    verdict = decide(held(stop=Stop(kind, "why", 0.0)))
    assert verdict.outcome is outcome
    assert verdict.reason.endswith("why")


def test_a_stop_before_anything_was_broken_says_nothing_of_the_system() -> None:
    verdict = decide(held(injected=0, stop=Stop(StopKind.BREACH, "why", 0.0)))
    assert verdict.outcome is Outcome.ABORTED


def test_a_fault_that_is_stuck_needs_a_person_whatever_else_happened() -> None:
    verdict = decide(held(stuck=("x on path y: why",), stop=Stop(StopKind.BREACH, "burning", 0.0)))
    assert (verdict.outcome, verdict.reason) == (
        Outcome.ERROR,
        "a fault is stuck and needs a person: x on path y: why",
    )


@pytest.mark.parametrize(
    ("recovery", "outcome"),
    [
        (Recovery("not recovered", reason="a burns"), Outcome.BREACHED),
        (Recovery("unknown", reason="no data"), Outcome.INCONCLUSIVE),
        (Recovery("not waited for"), Outcome.INCONCLUSIVE),
    ],
)
def test_slos_that_are_not_known_to_be_back_keep_a_run_from_holding(recovery: Recovery, outcome: Outcome) -> None:
    assert decide(held(recovery=recovery)).outcome is outcome


def test_a_fault_that_did_not_last_keeps_a_run_from_holding_and_hides_no_breach() -> None:
    gone = ("x on path y: it was not in effect any more",)
    verdict = decide(held(vanished=gone))
    assert (verdict.outcome, gone[0] in verdict.reason) == (Outcome.INCONCLUSIVE, True)
    assert decide(held(vanished=gone, recovery=Recovery("not recovered"))).outcome is Outcome.BREACHED


LOST = AlertTimeline("Burn", "a", "page", "oncall", (), 30, None, "lost", "notified", "a silence holds it back")
PROVEN = replace(LOST, outcome="proven", lost_at=None, reason="")
UNSEEN = replace(LOST, outcome="unknown", lost_at="crossed", reason="was it scraped?")
STRAY = StrayPage("Other", "page", "oncall", 1.0, {})


def with_alerts(path: AlertPath, expected: int = 1, stop: Stop | None = None) -> tuple[Outcome, str]:
    """The verdict of a run that is well but for its alerts."""
    guard = GuardEvidence(injected=1, stop=stop, recovery=RECOVERED, alerts=path, alerts_expected=expected)
    verdict = decide(Evidence("completed", before=Hypothesis(met=True), after=Hypothesis(met=True), guard=guard))
    return verdict.outcome, verdict.reason


@pytest.mark.parametrize(
    ("path", "outcome", "reason"),
    [
        (AlertPath((PROVEN,)), Outcome.HELD, "the expected alert went the whole way"),
        (AlertPath((LOST,)), Outcome.BREACHED, "Burn (page) was lost at notified: a silence holds it back"),
        (AlertPath((UNSEEN, LOST)), Outcome.BREACHED, "was lost at notified"),
        (AlertPath((UNSEEN,)), Outcome.INCONCLUSIVE, "is not known to have come through at crossed: was it scraped?"),
        (AlertPath(), Outcome.INCONCLUSIVE, "what became of the expected alerts is not known"),
        (AlertPath((PROVEN,), (STRAY,)), Outcome.HELD, "met"),
        (AlertPath((PROVEN,), (STRAY,), strays_forbidden=True), Outcome.BREACHED, "nobody expected: Other at oncall"),
        (
            AlertPath((PROVEN,), strays_forbidden=True, strays_unknown="it is away"),
            Outcome.INCONCLUSIVE,
            "whether other pages came: it is away",
        ),
    ],
)
def test_a_run_holds_only_when_every_alert_it_expects_went_all_its_way(
    path: AlertPath, outcome: Outcome, reason: str
) -> None:
    found, told = with_alerts(path)
    assert found is outcome
    assert reason in told


def test_a_run_that_was_stopped_since_nothing_is_known_says_where_its_alert_was_lost() -> None:
    stop = Stop(StopKind.UNKNOWN, "llm has been unknown for 15 s", 1.0)
    outcome, reason = with_alerts(AlertPath((UNSEEN,)), stop=stop)
    assert outcome is Outcome.INCONCLUSIVE
    assert "at crossed" in reason
    assert with_alerts(AlertPath(), expected=0, stop=stop)[0] is Outcome.ABORTED
