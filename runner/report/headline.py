"""The verdict, for whoever has a minute: the word, the reason, what it means, and the figures beside it. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from runner.outcome import Outcome
from runner.report.documents import LostDocument, SummaryDocument
from runner.report.measured import Measured
from runner.report.model import AlertCard, BudgetRow, Figure, Headline, Moments, TargetRow, Tone
from runner.report.wording import UNKNOWN, count, counted, percent, sentence, span
from runner.runs.record import DIED, RUNNING, RunRecord

_TONES: Mapping[str, Tone] = {
    Outcome.HELD: "good",
    Outcome.BREACHED: "bad",
    Outcome.ABORTED: "warn",
    Outcome.REFUSED: "info",
    Outcome.INCONCLUSIVE: "warn",
    Outcome.ERROR: "bad",
    DIED: "bad",
    RUNNING: "info",
}
_MEANINGS: Mapping[str, str] = {
    Outcome.HELD: "Everything that the experiment expects was seen to happen.",
    Outcome.BREACHED: "Something that the experiment expects did not happen.",
    Outcome.ABORTED: "The run was cut short. That says nothing about the system, good or bad.",
    Outcome.REFUSED: "The run was not let in. That says nothing about how the system takes the fault.",
    Outcome.INCONCLUSIVE: "Not enough was seen to judge by. This is not a pass.",
    Outcome.ERROR: "The run itself went wrong. Nothing is proven.",
    DIED: "The process of the run is gone and has not said how it ended. Nothing is proven.",
    RUNNING: "The run goes on: what stands here may still change.",
}


def headline(record: RunRecord, targets: Sequence[TargetRow]) -> Headline:
    """What stands first."""
    meaning = _MEANINGS.get(record.verdict, "This version does not know the word.")
    return Headline(
        verdict=record.verdict,
        tone=_TONES.get(record.verdict, "warn"),
        reason=sentence(record.reason or _without_reason(record)),
        meaning=f"{meaning} {_what_is_left(targets, record)}".strip(),
    )


def _without_reason(record: RunRecord) -> str:
    if record.verdict == DIED:
        return "the run began and never said how it ended"
    if record.verdict == RUNNING:
        return "the run has no verdict yet"
    return "no reason is recorded"


def _what_is_left(targets: Sequence[TargetRow], record: RunRecord) -> str:
    touched = [row for row in targets if row.state != "planned"]
    stuck = sum(row.state == "stuck" for row in touched)
    still_in = sum(row.state != "undone" for row in touched)
    if stuck:
        return f"{counted(stuck, 'fault')} could not be taken out and {'needs' if stuck == 1 else 'need'} a person."
    if still_in:
        return f"{counted(still_in, 'fault')} may still be in."
    if touched:
        return f"{'The fault is' if len(touched) == 1 else 'All faults are'} out again."
    if record.faults == 0 or record.verdict == Outcome.REFUSED:
        return "Nothing was broken."
    return "It is not known what was broken." if record.verdict == DIED else ""


def figures(
    record: RunRecord,
    moments: Moments,
    budgets: Sequence[BudgetRow],
    alerts: Sequence[AlertCard],
    summary: SummaryDocument,
) -> tuple[Figure, ...]:
    """The figures beside the verdict: of a run that broke nothing only how long it took."""
    if moments.fault is None:
        return tuple(_duration(record, summary))
    return (
        *_budget(budgets),
        *_detected(record, alerts),
        *_paged(record, alerts),
        *_recovered(record, moments, summary),
        *_lost(summary.requests_lost),
        *_duration(record, summary),
    )


def _budget(budgets: Sequence[BudgetRow]) -> Iterator[Figure]:
    if not budgets:
        return
    blind = [row for row in budgets if row.spent is None]
    if blind:
        yield Figure("Error budget spent", UNKNOWN, f"of {blind[0].slo}", "warn")
        return
    dearest = budgets[0]
    allowed = f", {percent(dearest.most)} allowed" if dearest.most is not None else ""
    tone: Tone = "bad" if dearest.exceeded else "plain"
    yield Figure("Error budget spent", percent(dearest.spent or 0.0), f"of {dearest.slo}{allowed}", tone)


def _detected(record: RunRecord, alerts: Sequence[AlertCard]) -> Iterator[Figure]:
    seconds = record.durations.detect
    if seconds is not None:
        yield Figure("Time to detect", span(seconds), "from the fault to an alert or the guard")
    elif alerts and all(card.outcome == "unknown" for card in alerts):
        yield Figure("Time to detect", UNKNOWN, "it was not seen whether an alert fired", "warn")
    elif alerts:
        yield Figure("Time to detect", "never", "no expected alert fired", "bad")


def _paged(record: RunRecord, alerts: Sequence[AlertCard]) -> Iterator[Figure]:
    seconds = record.durations.page
    told = [card for card in alerts if card.at("notified") is not None]
    if seconds is not None:
        first = min(told, key=lambda card: card.at("notified") or 0.0, default=None)
        yield Figure(
            "Time to page", span(seconds), f"from the fault to {first.receiver}" if first else "from the fault"
        )
    elif alerts and all(card.muted_by for card in alerts):
        yield Figure("Time to page", "muted", "as the experiment asks")
    elif alerts:
        unknown = all(card.outcome == "unknown" for card in alerts)
        to = f"to {alerts[0].receiver}"
        yield Figure("Time to page", UNKNOWN, to, "warn") if unknown else Figure("Time to page", "never", to, "bad")


def _recovered(record: RunRecord, moments: Moments, summary: SummaryDocument) -> Iterator[Figure]:
    seconds = record.durations.recover
    if seconds is not None:
        yield Figure("Time to recover", span(seconds), "from the undo until every SLO was back")
        return
    reason = summary.slos_recovered_seconds.reason if summary.slos_recovered_seconds else ""
    yield Figure(
        "Time to recover", UNKNOWN, reason or ("what was broken is still in" if moments.out is None else ""), "warn"
    )


def _lost(lost: LostDocument | None) -> Iterator[Figure]:
    if lost is None or lost.failed is None:
        return
    total = (lost.total or Measured(None)).say(count)
    note = f"of {total}, counted by {lost.counted_by}" if lost.failed.value is not None else lost.failed.reason
    yield Figure("Requests lost", lost.failed.say(count), note)


def _duration(record: RunRecord, summary: SummaryDocument) -> Iterator[Figure]:
    if record.ended_at is not None:
        yield Figure("The run took", span(record.ended_at - record.started_at))
    elif summary.duration_seconds is not None:
        yield Figure("The run took", span(summary.duration_seconds))
