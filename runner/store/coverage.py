"""What the runs say of each alert that one of them expected."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, case, func, select

from runner.runs.alert_documents import read_timeline
from runner.store.schema import alerts, runs
from runner.store.values import AlertProof, AlertTry

_Key = tuple[str, str, str]
_KEY = (alerts.c.alert, alerts.c.slo, alerts.c.severity)


def alert_proofs(connection: Connection) -> Sequence[AlertProof]:
    """By alert, SLO and severity; runs that expected an alert to be muted are no proof of its way."""
    proven = case((alerts.c.outcome == "proven", 1), else_=0)
    counted = select(*_KEY, func.count(), func.sum(proven)).where(alerts.c.muted.is_(False)).group_by(*_KEY)
    last = _tries(connection, _newest(and_(alerts.c.muted.is_(False))))
    last_proven = _tries(connection, _newest(and_(alerts.c.muted.is_(False), alerts.c.outcome == "proven")))
    return tuple(
        AlertProof(
            alert, slo, severity, tries, int(good), last[alert, slo, severity], last_proven.get((alert, slo, severity))
        )
        for alert, slo, severity, tries, good in connection.execute(counted.order_by(*_KEY))
    )


def _newest(chosen: Any) -> Select[Any]:
    """The last try of each alert."""
    newest = select(*_KEY, func.max(alerts.c.run_at).label("run_at")).where(chosen).group_by(*_KEY).subquery()
    same = and_(*(newest.c[name] == alerts.c[name] for name in ("alert", "slo", "severity", "run_at")))
    return (
        select(*_KEY, alerts.c.run_id, alerts.c.run_at, alerts.c.timeline, runs.c.title)
        .select_from(alerts)
        .join(newest, same)
        .join(runs, runs.c.run_id == alerts.c.run_id)
        .where(chosen)
    )


def _tries(connection: Connection, query: Select[Any]) -> Mapping[_Key, AlertTry]:
    return dict(_told(connection.execute(query).all()))


def _told(rows: Iterable[Row[Any]]) -> Iterable[tuple[_Key, AlertTry]]:
    for row in rows:
        tried = AlertTry(row.run_id, row.title, row.run_at, read_timeline(row.timeline))
        yield (row.alert, row.slo, row.severity), tried
