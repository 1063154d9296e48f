"""The way of each expected alert, as a report tells it. Pure."""

from collections.abc import Mapping

from runner.alerting.timeline import STAGES, AlertPath, AlertTimeline, Evidence, Outcome, Stage, StageSeen
from runner.report.model import AlertCard, StageRow, Tone
from runner.report.wording import limit, offset, span

LABELS: Mapping[Stage, str] = {
    "fault": "Fault in effect",
    "crossed": "SLI crossed",
    "pending": "Pending",
    "firing": "Firing",
    "received": "Received",
    "notified": "Notified",
    "resolved": "Resolved",
    "resolved notified": "End notified",
}
_SAME_SECONDS = 0.05
_LOST: Mapping[Stage, str] = {
    "fault": "the fault was not seen in effect",
    "crossed": "the SLI never crossed",
    "pending": "its rule did not react",
    "firing": "it did not fire in time",
    "received": "Alertmanager did not get it",
    "notified": "its receiver was not notified",
    "resolved": "it did not resolve in time",
    "resolved notified": "its receiver was not told that it is over",
}
EVIDENCE: Mapping[Evidence, str] = {
    "ledger": "ledger",
    "prometheus": "Prometheus",
    "alertmanager": "Alertmanager",
    "sink": "receiver",
    "metrics": "counters",
    "none": "",
}
_TONES: Mapping[Outcome, Tone] = {"proven": "good", "lost": "bad", "unknown": "warn"}
_SEEN_BY: Mapping[Evidence, str] = {
    "sink": "Notifications were seen by a receiver that keeps what it gets: what arrived, and when.",
    "alertmanager": (
        "Notifications were seen through Alertmanager's API only: that it had the alert for this receiver, "
        "not that the receiver got it."
    ),
    "metrics": (
        "Notifications were seen in Alertmanager's counters only: that some were sent, not which ones nor to whom."
    ),
    "none": "Nothing was there to see notifications by.",
    "ledger": "",
    "prometheus": "Only Prometheus was asked: nothing is known of notifications.",
}


def alert_cards(path: AlertPath) -> tuple[AlertCard, ...]:
    """A card for each expected alert: what was lost first, then what is unknown."""
    worst: Mapping[Outcome, int] = {"lost": 0, "unknown": 1, "proven": 2}
    return tuple(_card(one) for one in sorted(path.timelines, key=lambda one: worst[one.outcome]))


def evidence_words(path: AlertPath) -> str:
    """By what notifications were seen, and what that proves; empty where no alert was expected."""
    return _SEEN_BY[path.evidence] if path.timelines or path.strays else ""


def _card(one: AlertTimeline) -> AlertCard:
    return AlertCard(
        alert=one.alert,
        slo=one.slo,
        severity=one.severity,
        receiver=one.receiver,
        outcome=one.outcome,
        tone=_TONES[one.outcome],
        summary=_summary(one),
        reason=one.reason,
        prediction=one.prediction,
        muted_by=one.muted_by or "",
        fires_within=one.fires_within,
        predicted_at=one.predicted_at,
        lost_at=one.lost_at,
        stages=tuple(_stage(one, stage) for stage in STAGES),
    )


def _summary(one: AlertTimeline) -> str:
    """The times that matter, in a line: fired, told, over."""
    parts = []
    firing, notified, over = one.after_fault("firing"), one.after_fault("notified"), one.after_fault("resolved")
    if firing is not None:
        predicted = _predicted_after(one)
        against = f" (predicted {offset(predicted)})" if predicted is not None else ""
        parts.append(f"fired {offset(firing)}{against}")
    if notified is not None:
        parts.append(f"notified {offset(notified)}")
    elif one.muted_by and one.outcome == "proven":
        parts.append(f"kept from its receiver by the {one.muted_by}")
    if over is not None:
        parts.append(f"resolved {offset(over)}")
    if one.outcome != "proven":
        parts.append(loss(one.outcome, one.lost_at, one.muted_by is not None and notified is not None))
    return ", ".join(parts)


def loss(outcome: Outcome, lost_at: Stage | None, although_muted: bool) -> str:
    """Where an alert was lost, in words; `although_muted`: it reached a receiver that it should have been kept from."""
    if outcome == "unknown":
        return (
            f"not known from \N{LEFT DOUBLE QUOTATION MARK}{LABELS[lost_at]}\N{RIGHT DOUBLE QUOTATION MARK} on"
            if lost_at
            else "not known"
        )
    if although_muted:
        return "it reached its receiver although it should have been muted"
    return _LOST[lost_at] if lost_at is not None else "lost"


def _predicted_after(one: AlertTimeline) -> float | None:
    fault = one.at("fault")
    return None if fault is None or one.predicted_at is None else one.predicted_at - fault


def _stage(one: AlertTimeline, stage: Stage) -> StageRow:
    seen = next((found for found in one.stages if found.stage == stage), StageSeen(stage, None))
    within = ""
    if stage == "firing":
        within = f"within {limit(one.fires_within)} of the fault"
    if stage == "resolved" and one.resolves_within is not None:
        within = f"within {limit(one.resolves_within)} of the recovery"
    return StageRow(
        stage=stage,
        label=LABELS[stage],
        at=seen.at,
        after=one.after_fault(stage),
        evidence=seen.evidence,
        detail=seen.detail,
        lost=one.lost_at == stage and one.outcome != "proven",
        predicted_after=_predicted_after(one) if stage == "firing" else None,
        limit=within,
    )


def against_prediction(card: AlertCard) -> str:
    """How much later or sooner than predicted an alert fired, to a tenth; empty where one of both is not known."""
    firing = next(row for row in card.stages if row.stage == "firing")
    if firing.after is None or firing.predicted_after is None:
        return ""
    late = firing.after - firing.predicted_after
    if abs(late) < _SAME_SECONDS:
        return "when it was predicted to"
    return f"{span(abs(late))} {'later' if late > 0 else 'sooner'} than predicted"
