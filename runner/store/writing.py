"""Putting a run into the store: all of it in one transaction, in the place of what was known of it before."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select

from runner.runs.alert_documents import timeline_document
from runner.runs.record import RunRecord, SloSample
from runner.store.schema import alerts, budgets, details, runs, samples, strays, transitions


def put(connection: Connection, record: RunRecord, heard_at: float) -> None:
    """Store a run as it is known now; `heard_at` is the time of the last fact.

    What has ended stays as it is when somebody comes late with what was known before.
    """
    present = select(runs.c.ended_at).where(runs.c.run_id == record.run_id).with_for_update()
    row = connection.execute(present).first()
    if row is not None and row.ended_at is not None and record.ended_at is None:
        return
    connection.execute(delete(runs).where(runs.c.run_id == record.run_id))
    _insert(connection, runs, [_run_row(record, heard_at)])
    _insert(connection, details, [_details_row(record)])
    _insert(connection, budgets, _budget_rows(record), record)
    _insert(connection, samples, _sample_rows(record.samples), record)
    _insert(connection, transitions, _numbered(asdict(one) for one in record.transitions), record)
    _insert(connection, alerts, _numbered(_alert_rows(record)), record)
    pages = ({**asdict(one), "labels": json.dumps(one.labels)} for one in record.alerts.strays)
    _insert(connection, strays, _numbered(pages), record)


def _insert(
    connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]], of: RunRecord | None = None
) -> None:
    run = {} if of is None else {"run_id": of.run_id}
    if made := [{**run, **{name: _storable(value) for name, value in row.items()}} for row in rows]:
        connection.execute(insert(table), made)


def _numbered(rows: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    return ({"position": position, **row} for position, row in enumerate(rows))


def _storable(value: Any) -> Any:
    """Texts come from everywhere: PostgreSQL takes no NUL, and neither database what is no Unicode."""
    if not isinstance(value, str):
        return value
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def _run_row(record: RunRecord, heard_at: float) -> dict[str, Any]:
    same = ("run_id", "title", "experiment", "started_at", "ended_at", "verdict", "reason", "dry", "host", "faults")
    return {
        **{name: getattr(record, name) for name in same},
        **asdict(record.durations),
        "tags": json.dumps(record.tags),
        "heard_at": heard_at,
    }


def _details_row(record: RunRecord) -> dict[str, Any]:
    return {
        "run_id": record.run_id,
        "place": record.place,
        "digest": record.digest,
        "token": record.token,
        "evidence": record.alerts.evidence,
        "versions": json.dumps(record.versions),
        "plan": json.dumps(record.plan),
        "summary": json.dumps(record.summary),
        "objectives": json.dumps([asdict(one) for one in record.objectives]),
        "stop": json.dumps(None if record.stop is None else asdict(record.stop)),
    }


def _budget_rows(record: RunRecord) -> Iterable[dict[str, Any]]:
    most = limits(record.plan)
    for slo in dict.fromkeys((*most, *record.spent)):
        yield {"slo": slo, "spent": record.spent.get(slo), "most": most.get(slo)}


def limits(plan: Mapping[str, Any]) -> Mapping[str, float]:
    """The share of each SLO's error budget that a plan (runner.plan.document) lets the run spend at most."""
    return {str(one["slo"]): float(one["most"]) for one in plan.get("error_budget") or ()}


def _sample_rows(readings: Iterable[SloSample]) -> Iterable[dict[str, Any]]:
    """One row for each SLO: readings are never asked for one by one, and there are many."""
    series: dict[str, list[SloSample]] = {}
    for one in readings:
        series.setdefault(one.slo, []).append(one)
    for slo, of_slo in series.items():
        yield {
            "slo": slo,
            "at": json.dumps([one.at for one in of_slo]),
            "burn": json.dumps([one.burn for one in of_slo]),
            "spend": json.dumps([one.spend for one in of_slo]),
            "reasons": json.dumps({index: one.reason for index, one in enumerate(of_slo) if one.reason}),
        }


def _alert_rows(record: RunRecord) -> Iterable[dict[str, Any]]:
    for timeline in record.alerts.timelines:
        yield {
            "run_at": record.started_at,
            "alert": timeline.alert,
            "slo": timeline.slo,
            "severity": timeline.severity,
            "outcome": timeline.outcome,
            "muted": timeline.muted_by is not None,
            "timeline": timeline_document(timeline),
        }
