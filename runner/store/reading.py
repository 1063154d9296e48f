"""Reading whole runs back."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from runner.alerting.timeline import AlertPath, StrayPage
from runner.runs.alert_documents import read_timeline
from runner.runs.record import Durations, EarlyStop, LedgerTransition, RunRecord, SloSample, WatchedObjective
from runner.store.lists import verdict_now
from runner.store.schema import alerts, budgets, details, runs, samples, strays, transitions
from runner.store.store import UnknownRunError

LATEST = "latest"
_SHOWN = 5


def find(connection: Connection, named: str) -> str:
    """The id of the run that is called so, that alone begins so, or that is the `latest`. Raises UnknownRunError."""
    if named == LATEST:
        newest: str | None = connection.execute(
            select(runs.c.run_id).order_by(runs.c.started_at.desc()).limit(1)
        ).scalar()
        if newest is None:
            raise UnknownRunError("the store has no run yet")
        return newest
    begin = runs.c.run_id.startswith(named, autoescape=True)
    query = select(runs.c.run_id).where(begin).order_by(runs.c.run_id.desc()).limit(_SHOWN + 1)
    found = list(connection.execute(query).scalars()) if named else []
    if named in found or connection.execute(select(runs.c.run_id).where(runs.c.run_id == named)).first():
        return named
    if not found:
        raise UnknownRunError(f"the store has no run {named!r}; chaos runs list shows those that it has")
    if len(found) > 1:
        more = " and more" if len(found) > _SHOWN else ""
        raise UnknownRunError(f"{named!r} may be {', '.join(found[:_SHOWN])}{more}; give more of the id")
    (run_id,) = found
    return str(run_id)


def read(connection: Connection, run_id: str, now: float) -> RunRecord:
    """All of a run whose id is known to be there; `now` tells which runs have not been heard of for long."""
    run = connection.execute(select(runs).where(runs.c.run_id == run_id)).one()
    more = connection.execute(select(details).where(details.c.run_id == run_id)).one()
    verdict, reason = verdict_now(run.verdict, run.reason, run.heard_at, now)
    stop = json.loads(more.stop)
    return RunRecord(
        run_id=run.run_id,
        title=run.title,
        started_at=run.started_at,
        verdict=verdict,
        ended_at=run.ended_at,
        reason=reason,
        experiment=run.experiment,
        tags=tuple(json.loads(run.tags)),
        dry=run.dry,
        place=more.place,
        host=run.host,
        digest=more.digest,
        token=more.token,
        faults=run.faults,
        versions=json.loads(more.versions),
        plan=json.loads(more.plan),
        summary=json.loads(more.summary),
        spent={row.slo: row.spent for row in _parts(connection, budgets, run_id, "slo") if row.spent is not None},
        objectives=tuple(WatchedObjective(**one) for one in json.loads(more.objectives)),
        samples=_samples(_parts(connection, samples, run_id, "slo")),
        transitions=tuple(
            LedgerTransition(row.at, row.record, row.fault, row.target, row.state, row.reason)
            for row in _parts(connection, transitions, run_id)
        ),
        alerts=_alerts(connection, run_id, more),
        durations=Durations(run.detect, run.page, run.recover),
        stop=None if stop is None else EarlyStop(**stop),
    )


def _parts(connection: Connection, table: Table, run_id: str, by: str = "position") -> Sequence[Row[Any]]:
    return connection.execute(select(table).where(table.c.run_id == run_id).order_by(table.c[by])).all()


def _samples(rows: Sequence[Row[Any]]) -> tuple[SloSample, ...]:
    every = [sample for row in rows for sample in _series(row)]
    return tuple(sorted(every, key=lambda sample: sample.at))


def _series(row: Row[Any]) -> Iterator[SloSample]:
    columns = (json.loads(text) for text in (row.at, row.burn, row.spend))
    reasons = json.loads(row.reasons)
    for index, (at, burn, spend) in enumerate(zip(*columns, strict=True)):
        yield SloSample(at, row.slo, burn, spend, reasons.get(str(index), ""))


def _alerts(connection: Connection, run_id: str, more: Row[Any]) -> AlertPath:
    return AlertPath(
        tuple(read_timeline(row.timeline) for row in _parts(connection, alerts, run_id)),
        tuple(
            StrayPage(row.alert, row.severity, row.receiver, row.at, json.loads(row.labels))
            for row in _parts(connection, strays, run_id)
        ),
        more.evidence,
    )
