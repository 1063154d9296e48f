"""What to do next, most urgent first: a pure function of what happened."""

import shlex
from collections.abc import Iterator, Mapping, Sequence

from runner.alerting.timeline import Stage
from runner.outcome import Outcome
from runner.report.alerts import loss
from runner.report.model import Advice, AlertCard, BudgetRow, TargetRow
from runner.report.wording import counted, limit, percent, sentence, span
from runner.runs.record import DIED, RUNNING, RunRecord

_NEAR = 0.8
"""The share of what was allowed from which on a budget was nearly spent."""
_LATE_SECONDS = 1.0
_SEE: Mapping[Stage, str] = {
    "fault": "see whether the fault went in at all: nothing can be expected of the alert before",
    "crossed": "the fault may be too mild or too short for the alert's windows, or the SLI cannot see it",
    "pending": "see that the rule is loaded and evaluated",
    "firing": "see that the rule is loaded, and whether its windows and its `for` leave it time enough",
    "received": "see Prometheus's `alerting` configuration, and whether Alertmanager is there",
    "notified": "see the route of its labels, silences, inhibitions, and what the receiver answers",
    "resolved": "see whether the SLI is back, and how long the alert's windows remember",
    "resolved notified": "see `send_resolved` and `group_interval`",
}


def advice(
    record: RunRecord, targets: Sequence[TargetRow], budgets: Sequence[BudgetRow], alerts: Sequence[AlertCard]
) -> tuple[Advice, ...]:
    """Everything that there is to do, the urgent first."""
    found = [
        *_left_behind(record, targets),
        *_by_verdict(record, budgets),
        *_unproven(alerts),
        *_strays(record),
        *_dear(budgets),
        *_blind(budgets),
        *_slow(alerts),
        *_not_asked(record, alerts, targets),
    ]
    return tuple(found) or (Advice("Nothing needs to be done."),)


def _left_behind(record: RunRecord, targets: Sequence[TargetRow]) -> Iterator[Advice]:
    stuck = [row for row in targets if row.state == "stuck"]
    for reason, rows in _by_reason(stuck).items():
        what = rows[0].target if len(rows) == 1 else counted(len(rows), "target")
        why = f": {reason}" if reason else ""
        yield Advice(
            f"{rows[0].fault} on {what} is stuck and needs a person{why}",
            f"chaos recover --run {shlex.quote(record.run_id)}",
            urgent=True,
        )
    still_in = [row for row in targets if row.state in ("going in", "in effect", "coming out")]
    if still_in and record.verdict != RUNNING:
        text = (
            f"{counted(len(still_in), 'fault')} may still be in. The reaper takes out what a dead run has left; where "
            "there is none, or to be sure, do it yourself."
        )
        yield Advice(text, f"chaos recover --run {shlex.quote(record.run_id)}", urgent=True)
    elif record.verdict == DIED and not stuck:
        text = "See whether the run has left anything in: it died without saying so."
        yield Advice(text, f"chaos recover --run {shlex.quote(record.run_id)} --dry-run", urgent=not targets)


def _by_reason(rows: Sequence[TargetRow]) -> Mapping[str, list[TargetRow]]:
    found: dict[str, list[TargetRow]] = {}
    for row in rows:
        found.setdefault(row.reason, []).append(row)
    return found


def _by_verdict(record: RunRecord, budgets: Sequence[BudgetRow]) -> Iterator[Advice]:
    match record.verdict:
        case Outcome.REFUSED:
            text = "Put right what the reason names, then see whether a run would be let in now."
            yield Advice(text, _command("plan", record))
        case Outcome.BREACHED:
            burning = [row for row in budgets if _burned(row)]
            for row in burning[:3]:
                text = f"Find out why {row.slo} burned its budget at {row.worst_burn:.3g}, and what else spent it."
                yield Advice(text, f"chaos slo burn {shlex.quote(row.slo)}")
            yield Advice(
                "When it is mended, run the same experiment again: only that shows it.", _command("run", record)
            )
        case Outcome.ABORTED:
            yield Advice("Run it again when what cut it short is over.", _command("run", record))
        case Outcome.INCONCLUSIVE if record.dry:
            yield Advice("A dry run breaks nothing. Run it for real to have an answer.", _command("run", record))
        case Outcome.INCONCLUSIVE:
            yield Advice("Find out why not enough was seen, and run it again.", _command("run", record))
        case Outcome.ERROR:
            yield Advice("Read the journal and the log of the run before anything else is broken.")
        case _ if record.verdict == DIED:
            yield Advice(
                f"Find out what became of the process of the run{f' on {record.host}' if record.host else ''}: its log "
                "is chaostoolkit.log where it was started."
            )
        case _ if record.verdict == RUNNING:
            yield Advice("To stop it, and every other run: all faults come out at once.", 'chaos halt --why "..."')


def _burned(row: BudgetRow) -> bool:
    return row.worst_burn is not None and row.abort_burn is not None and row.worst_burn >= row.abort_burn


def _command(verb: str, record: RunRecord) -> str:
    return f"chaos {verb} {shlex.quote(record.experiment)}" if record.experiment else ""


def _unproven(alerts: Sequence[AlertCard]) -> Iterator[Advice]:
    for card in alerts:
        if card.outcome == "proven":
            continue
        if card.outcome == "unknown" or card.lost_at is None:
            text = f"{card.alert} is not proven. {sentence(card.reason or 'it could not be seen what became of it')}"
        else:
            although_muted = bool(card.muted_by) and card.at("notified") is not None
            found = f"{card.alert}: {loss(card.outcome, card.lost_at, although_muted)}"
            text = " ".join(sentence(part) for part in (found, card.reason, _SEE[card.lost_at]) if part)
        yield Advice(text, _inquiry(card))


def _inquiry(card: AlertCard) -> str:
    if card.lost_at in ("notified", "resolved notified"):
        labels = (f"alertname={card.alert}", f"severity={card.severity}", *([f"slo={card.slo}"] if card.slo else []))
        return f"chaos alerts route {' '.join(shlex.quote(label) for label in labels)}"
    if card.lost_at == "received":
        return "chaos alerts deadman"
    if card.lost_at in ("crossed", "pending", "firing", "resolved") and card.slo:
        return f"chaos slo status {shlex.quote(card.slo)}"
    return "chaos alerts coverage"


def _strays(record: RunRecord) -> Iterator[Advice]:
    for name in dict.fromkeys(stray.alert for stray in record.alerts.strays):
        yield Advice(
            f"{name} paged and nobody expected it: name it in the experiment's `alerts`, have the right page mute it, "
            "or mend what else the fault breaks."
        )


def _dear(budgets: Sequence[BudgetRow]) -> Iterator[Advice]:
    dear = [row for row in budgets if row.most and row.used is not None and row.used >= _NEAR]
    if dear:
        paid = ", ".join(f"{row.slo} paid {percent(row.spent or 0.0)} of {percent(row.most or 0.0)}" for row in dear)
        most = (
            "More error budget was spent than is" if any(row.exceeded for row in dear) else "Little is left of what is"
        )
        yield Advice(f"{most} allowed: {paid}. Plan the next run for when there is budget to spare.")


def _blind(budgets: Sequence[BudgetRow]) -> Iterator[Advice]:
    for row in budgets:
        if row.unknown_seconds >= 1:
            why = f": {row.reason}" if row.reason else ""
            text = f"Nothing was known of {row.slo} for {span(row.unknown_seconds)}{why}"
            yield Advice(f"{sentence(text)} See what keeps it from being measured.")


def _slow(alerts: Sequence[AlertCard]) -> Iterator[Advice]:
    for card in alerts:
        firing = next(row for row in card.stages if row.stage == "firing")
        if firing.after is None or firing.predicted_after is None or card.outcome != "proven":
            continue
        if firing.after > _NEAR * card.fires_within:
            text = f"{card.alert} fired {span(firing.after)} after the fault, and {limit(card.fires_within)} is allowed"
            yield Advice(f"{text}: there is little to spare.")
        elif firing.after - firing.predicted_after > max(_LATE_SECONDS, firing.predicted_after):
            late = span(firing.after - firing.predicted_after)
            yield Advice(f"{card.alert} fired {late} later than predicted: see how often its rules are evaluated.")


def _not_asked(record: RunRecord, alerts: Sequence[AlertCard], targets: Sequence[TargetRow]) -> Iterator[Advice]:
    touched = any(row.state != "planned" for row in targets)
    if record.verdict != Outcome.HELD or not touched:
        return
    if not alerts:
        yield Advice(
            "No alert was expected of this run, so it does not prove that anybody would have been paged. If somebody "
            "should be, say so in the guard's `alerts`."
        )
    yield Advice("Run it again after the next change of what it broke: a proof ages.", _command("run", record))
