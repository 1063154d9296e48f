"""What happened, in order: the timeline as text. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from runner.report.alerts import EVIDENCE
from runner.report.model import AlertCard, Happening, Moments, TargetRow, Tone
from runner.report.wording import counted, span
from runner.runs.record import DIED, RUNNING, RunRecord

_TOGETHER_SECONDS = 5.0
"""The same thing on several targets is one line if no more than this lies between two of them."""
_TURNS: Sequence[tuple[str, Tone, Callable[[TargetRow], float | None]]] = (
    ("is going in", "plain", lambda row: row.intended_at if row.active_at is None else None),
    ("in effect", "warn", lambda row: row.active_at),
    ("is being undone", "plain", lambda row: row.undoing_at if row.undone_at is None else None),
    ("undone", "good", lambda row: row.undone_at),
    ("STUCK", "bad", lambda row: row.stuck_at),
)


def happenings(
    record: RunRecord, moments: Moments, targets: Sequence[TargetRow], alerts: Sequence[AlertCard]
) -> tuple[Happening, ...]:
    """Every turn of the run with its time, oldest first."""
    found = [
        *_run(record, moments),
        *_faults(targets),
        *_alerts(alerts),
        *_strays(record),
    ]
    return tuple(sorted(found, key=lambda one: one.at))


def _run(record: RunRecord, moments: Moments) -> Iterator[Happening]:
    yield Happening(record.started_at, f"The run begins{f' on {record.host}' if record.host else ''}")
    if record.stop is not None:
        yield Happening(record.stop.at, f"The guard stops the run: {record.stop.reason}", "bad")
    if moments.recovered is not None:
        seconds = span(moments.recovered - moments.out) if moments.out is not None else ""
        yield Happening(moments.recovered, f"Every watched SLO is back, {seconds} after the undo", "good")
    if record.verdict == DIED:
        yield Happening(moments.end, "The last that is known of the run: its process is gone", "bad")
    elif record.verdict == RUNNING:
        yield Happening(moments.end, "The last that is known so far: the run goes on", "info")
    elif record.ended_at is not None:
        yield Happening(record.ended_at, f"The run ends: {record.verdict}")


def _faults(targets: Sequence[TargetRow]) -> Iterator[Happening]:
    for words, tone, when in _TURNS:
        timed = sorted(
            ((row.fault, at, row) for row in targets if (at := when(row)) is not None), key=lambda one: (one[0], one[1])
        )
        for fault, ones in groupby(timed, key=lambda one: one[0]):
            for together in _bunches([(at, row) for _, at, row in ones]):
                yield _turn(fault, words, tone, together)


def _bunches(timed: Iterable[tuple[float, TargetRow]]) -> Iterator[list[tuple[float, TargetRow]]]:
    bunch: list[tuple[float, TargetRow]] = []
    for at, row in timed:
        if bunch and at - bunch[-1][0] > _TOGETHER_SECONDS:
            yield bunch
            bunch = []
        bunch.append((at, row))
    if bunch:
        yield bunch


def _turn(fault: str, words: str, tone: Tone, together: Sequence[tuple[float, TargetRow]]) -> Happening:
    at, row = together[0]
    if len(together) == 1:
        reason = f": {row.reason}" if tone == "bad" and row.reason else ""
        return Happening(at, f"{fault} {words} on {row.target}{reason}", tone)
    lasting = together[-1][0] - at
    spread = f", the last {span(lasting)} later" if lasting >= 0.1 else ""
    return Happening(at, f"{fault} {words} on {counted(len(together), 'target')}{spread}", tone)


def _alerts(alerts: Sequence[AlertCard]) -> Iterator[Happening]:
    words = {
        "crossed": "its burn is above the alert's factor",
        "pending": "is pending",
        "firing": "fires",
        "received": "is in Alertmanager",
        "notified": "is notified",
        "resolved": "is resolved",
        "resolved notified": "is told that it is over",
    }
    for card in alerts:
        for row in card.stages:
            if row.at is None or row.stage == "fault":
                continue
            who = f"{card.receiver} ({card.alert})" if row.stage in ("notified", "resolved notified") else card.alert
            if row.stage == "crossed":
                who = f"{card.alert}:"
            detail = f"; {row.detail}" if row.detail else ""
            seen = f" (seen by {EVIDENCE[row.evidence]}{detail})" if EVIDENCE[row.evidence] else ""
            yield Happening(row.at, f"{who} {words[row.stage]}{seen}", "warn" if row.stage == "firing" else "plain")


def _strays(record: RunRecord) -> Iterator[Happening]:
    for stray in record.alerts.strays:
        what = f"{stray.alert} ({stray.severity}), which nobody expected, reaches {stray.receiver}"
        yield Happening(stray.at, what, "bad")
