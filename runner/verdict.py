"""The verdict of a run: a pure function of the evidence. Only what is proven is held."""

from dataclasses import dataclass

from runner.alerting.timeline import AlertTimeline
from runner.evidence import Evidence, Failure, Hypothesis
from runner.guarding.stops import StopKind
from runner.outcome import Outcome

_REFUSALS = {"RefusedError", "NoOpenRunError", "PlanError"}
_BREACHES = {"NotHealedError", "NotWholeError", "NotSeenError", "NotShownError"}
_UNKNOWNS = {"NoReadingError"}
_WITNESSES = {"sink": "the sink", "metrics": "Alertmanager's counters", "alertmanager": "Alertmanager's API"}
_INTERRUPTS = {"InterruptExecution", "ExperimentExitedException", "Interrupted"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a run ended, and why, in one sentence."""

    outcome: Outcome
    reason: str


def decide(evidence: Evidence) -> Verdict:
    """Judge a run. Whatever is not covered by a rule below is an error, never held."""
    for rule in (
        _dry, _stuck, _guard, _interrupted, _gate, _method, _rollbacks, _stopped, _faults, _during, _after, _recovery,
        _vanished, _lost_alerts, _strays, _unknown_alerts,
    ):  # fmt: skip
        verdict = rule(evidence)
        if verdict is not None:
            return verdict
    if evidence.status != "completed" or evidence.deviated:
        return Verdict(
            Outcome.ERROR, f"Chaos Toolkit ended with status {evidence.status}, deviated {evidence.deviated}"
        )
    return Verdict(Outcome.HELD, f"the steady state was met before the fault and again after it{_paged(evidence)}")


def _paged(evidence: Evidence) -> str:
    """That the expected alerts are proven, too, and who says so."""
    alerts = evidence.guard.alerts
    if not alerts.timelines:
        return ""
    count = len(alerts.timelines)
    told_of = "the expected alert" if count == 1 else f"all {count} expected alerts"
    return f"; {told_of} went the whole way, by the word of {_WITNESSES.get(alerts.evidence, alerts.evidence)}"


def _dry(evidence: Evidence) -> Verdict | None:
    if evidence.dry and (evidence.guard.injected or evidence.guard.uncertain):
        return Verdict(Outcome.ERROR, "a fault went in although the run was to be a dry one")
    if evidence.dry:
        return Verdict(Outcome.INCONCLUSIVE, "a dry run breaks nothing, so it proves nothing")
    return None


def _stuck(evidence: Evidence) -> Verdict | None:
    if evidence.guard.stuck:
        return Verdict(Outcome.ERROR, f"a fault is stuck and needs a person: {'; '.join(evidence.guard.stuck)}")
    return None


def _guard(evidence: Evidence) -> Verdict | None:
    """What the guard stopped: for what the system did, or for another reason."""
    stop = evidence.guard.stop
    if stop is None:
        return None
    if not evidence.guard.injected and not evidence.guard.uncertain:
        return Verdict(Outcome.ABORTED, f"nothing was broken yet, and the run was stopped: {stop.reason}")
    if stop.kind.of_the_system:
        return Verdict(Outcome.BREACHED, f"the guard took the fault out: {stop.reason}")
    missing = _missing(evidence) if stop.kind is StopKind.UNKNOWN else ""
    if missing:
        # Who asks whether he would be told is not told that his run was cut short: nobody would have known.
        return Verdict(Outcome.INCONCLUSIVE, f"everything is undone, and {stop.reason}; {missing}")
    return Verdict(Outcome.ABORTED, f"everything is undone, and the run was stopped: {stop.reason}")


def _interrupted(evidence: Evidence) -> Verdict | None:
    """A signal that came while an activity ran: Chaos Toolkit takes it for that activity's failure."""
    readings = (evidence.before, *evidence.during, evidence.after)
    failures = [*evidence.method_failures, *(reading.failure for reading in readings if reading and reading.failure)]
    for failure in failures:
        if failure.kind in _INTERRUPTS:
            return Verdict(Outcome.ABORTED, f"interrupted during {failure.activity}: {failure.message}")
    return None


def _gate(evidence: Evidence) -> Verdict | None:
    if evidence.before is None:
        if evidence.status == "interrupted":
            return Verdict(Outcome.ABORTED, "interrupted before anything was touched")
        return Verdict(Outcome.INCONCLUSIVE, "the steady state was not checked before the method")
    if evidence.before.met:
        return None
    unread = evidence.before.failure is not None and evidence.before.failure.kind not in _BREACHES
    found = "could not be read" if unread else "is not met"
    return Verdict(Outcome.REFUSED, f"nothing was touched, the steady state {found}: {_why(evidence.before)}")


def _method(evidence: Evidence) -> Verdict | None:
    for failure in evidence.method_failures:
        outcome = _outcome_of(failure)
        if outcome is Outcome.REFUSED and evidence.guard.injected:
            return Verdict(Outcome.ERROR, f"only a part of the faults went in: {_told(failure)}")
        return Verdict(outcome, _told(failure))
    return None


def _rollbacks(evidence: Evidence) -> Verdict | None:
    for failure in evidence.rollback_failures:
        return Verdict(Outcome.ERROR, f"a rollback failed, so check what it should have undone: {_told(failure)}")
    return None


def _stopped(evidence: Evidence) -> Verdict | None:
    if evidence.status == "interrupted":
        return Verdict(Outcome.ABORTED, "the run was interrupted")
    if evidence.status == "aborted":
        return Verdict(Outcome.ERROR, "Chaos Toolkit aborted the run on an unexpected error (see its log)")
    return None


def _faults(evidence: Evidence) -> Verdict | None:
    if evidence.guard.uncertain:
        return Verdict(Outcome.ERROR, "it is not known whether a fault went in")
    if not evidence.guard.injected:
        return Verdict(Outcome.INCONCLUSIVE, "no fault was injected, so nothing is proven")
    return None


def _during(evidence: Evidence) -> Verdict | None:
    for reading in evidence.during:
        if not reading.met:
            return Verdict(_outcome_of(reading.failure), f"the steady state was lost meanwhile: {_why(reading)}")
    return None


def _after(evidence: Evidence) -> Verdict | None:
    if evidence.after is None:
        return Verdict(Outcome.INCONCLUSIVE, "the steady state was not checked after the method")
    if evidence.after.met:
        return None
    return Verdict(_outcome_of(evidence.after.failure), f"the steady state did not come back: {_why(evidence.after)}")


def _recovery(evidence: Evidence) -> Verdict | None:
    recovery = evidence.guard.recovery
    if recovery.state == "not recovered":
        return Verdict(Outcome.BREACHED, f"the SLOs did not recover in time: {recovery.reason}")
    if recovery.state == "recovered":
        return None
    return Verdict(Outcome.INCONCLUSIVE, f"it is not known whether the SLOs recovered: {recovery.reason or 'not seen'}")


def _vanished(evidence: Evidence) -> Verdict | None:
    if not evidence.guard.vanished:
        return None
    reason = f"a fault did not last until it was undone, so nothing is proven: {'; '.join(evidence.guard.vanished)}"
    return Verdict(Outcome.INCONCLUSIVE, reason)


def _lost_alerts(evidence: Evidence) -> Verdict | None:
    lost = [told(one) for one in evidence.guard.alerts.timelines if one.outcome == "lost"]
    return Verdict(Outcome.BREACHED, "; ".join(lost)) if lost else None


def _strays(evidence: Evidence) -> Verdict | None:
    alerts = evidence.guard.alerts
    if not alerts.strays or not alerts.strays_forbidden:
        return None
    pages = ", ".join(dict.fromkeys(f"{one.alert} at {one.receiver}" for one in alerts.strays))
    return Verdict(Outcome.BREACHED, f"pages came that nobody expected: {pages}")


def _unknown_alerts(evidence: Evidence) -> Verdict | None:
    """An alert that was not seen to go all its way has not."""
    alerts = evidence.guard.alerts
    unknown = [told(one) for one in alerts.timelines if one.outcome != "proven"]
    if len(alerts.timelines) < evidence.guard.alerts_expected:
        unknown.append("what became of the expected alerts is not known")
    if alerts.strays_forbidden and alerts.strays_unknown:
        unknown.append(f"it is not known whether other pages came: {alerts.strays_unknown}")
    return Verdict(Outcome.INCONCLUSIVE, "; ".join(unknown)) if unknown else None


def _missing(evidence: Evidence) -> str:
    """The alerts that were not seen to go all their way."""
    return "; ".join(told(one) for one in evidence.guard.alerts.timelines if one.outcome != "proven")


def told(timeline: AlertTimeline) -> str:
    """Where an alert was lost, or was not seen any more, and why."""
    how = "was lost" if timeline.outcome == "lost" else "is not known to have come through"
    return f"the alert {timeline.alert} ({timeline.severity}) {how} at {timeline.lost_at}: {timeline.reason}"


def _outcome_of(failure: Failure | None) -> Outcome:
    """No failure means that a reading was taken and lies outside its tolerance."""
    if failure is None or failure.kind in _BREACHES:
        return Outcome.BREACHED
    if failure.kind in _REFUSALS:
        return Outcome.REFUSED
    if failure.kind in _UNKNOWNS:
        return Outcome.INCONCLUSIVE
    return Outcome.ERROR


def _why(hypothesis: Hypothesis) -> str:
    return _told(hypothesis.failure) if hypothesis.failure else hypothesis.outside


def _told(failure: Failure) -> str:
    return f"{failure.activity}: {failure.message}"
