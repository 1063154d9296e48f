"""Lists of runs, trends, and what was spent: lean queries, since there are thousands of runs."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select

from runner.runs.record import DIED, RUNNING, Durations
from runner.store.schema import budgets, runs
from runner.store.values import RunFilter, RunRow, TrendPoint

SILENT_SECONDS = 120.0
"""A run of another machine that goes on tells the store so every few seconds (runner.store.following)."""
_SILENT = "nothing has been heard of it since"
_UNJUDGED = (RUNNING, DIED)


def verdict_now(verdict: str, reason: str, heard_at: float, now: float) -> tuple[str, str]:
    """The verdict and its reason: a run of which nothing has been heard for long has died, wherever it was."""
    if verdict == RUNNING and now - heard_at > SILENT_SECONDS:
        return DIED, f"{_SILENT} {now - heard_at:.0f} s"
    return verdict, reason


def run_rows(connection: Connection, which: RunFilter, now: float) -> Sequence[RunRow]:
    """The runs that are meant, newest first."""
    rows = _newest(connection, select(*(runs.c[name] for name in _LISTED)), which, now)
    spent, most = _budgets(connection, [row[0] for row in rows])
    return tuple(_run_rows(rows, spent, most, now))


def trend_points(connection: Connection, which: RunFilter, now: float) -> Sequence[TrendPoint]:
    """Those of them that put a fault in and were judged, oldest first."""
    broke = and_(runs.c.faults > 0, runs.c.dry.is_(False), runs.c.verdict.not_in(_UNJUDGED))
    query = select(*(runs.c[name] for name in _OF_A_TREND)).where(broke)
    rows = _newest(connection, query, which, now)
    spent, _ = _budgets(connection, [row[0] for row in rows])
    return tuple(
        TrendPoint(
            run_id, title, experiment, started_at, verdict, Durations(detect, page, recover),
            spent.get(run_id, _NOTHING),
        )
        for run_id, title, experiment, started_at, verdict, detect, page, recover in reversed(rows)
    )  # fmt: skip


def spent_between(connection: Connection, start: float, end: float) -> Mapping[str, float]:
    """What the runs that began in [start, end) have spent of each SLO's error budget."""
    began = and_(runs.c.started_at >= start, runs.c.started_at < end)
    query = select(budgets.c.slo, func.sum(budgets.c.spent)).join(runs).where(began).group_by(budgets.c.slo)
    return {slo: float(share) for slo, share in connection.execute(query) if share is not None}


_OF_A_TREND = ("run_id", "title", "experiment", "started_at", "verdict", "detect", "page", "recover")
_LISTED = (
    "run_id", "title", "experiment", "started_at", "ended_at", "verdict", "reason", "dry", "host", "faults", "detect",
    "page", "recover", "tags", "heard_at",
)  # fmt: skip
"""Rows are taken apart by position: by name it takes twice as long, which shows in thousands."""
_ALL_AT_ONCE = 500
"""Up to so many runs are asked for by their ids; for more, everything that was spent is read, which is quicker."""
_Shares = Mapping[str, float]
_NOTHING: _Shares = MappingProxyType({})


_ORDER = itemgetter(_LISTED.index("started_at"), _LISTED.index("run_id"))
"""The same places in both."""


def _newest(connection: Connection, query: Select[Any], which: RunFilter, now: float) -> Sequence[Any]:
    """The rows that are meant, newest first."""
    chosen = query.where(*_conditions(which, now))
    if which.limit is None:  # sorted here: through its index a database takes longer for all of them
        return sorted(connection.execute(chosen).all(), key=_ORDER, reverse=True)
    newest = chosen.order_by(runs.c.started_at.desc(), runs.c.run_id.desc()).limit(which.limit)
    return connection.execute(newest).all()


def _conditions(which: RunFilter, now: float) -> Iterable[Any]:
    if which.experiment:
        text = which.experiment
        yield or_(*(column.icontains(text, autoescape=True) for column in (runs.c.title, runs.c.experiment)))
    if which.verdicts:
        yield or_(*(_has_verdict(verdict, now) for verdict in which.verdicts))
    if which.tag:
        yield runs.c.tags.contains(json.dumps(which.tag), autoescape=True)
    if which.since is not None:
        yield runs.c.started_at >= which.since
    if which.until is not None:
        yield runs.c.started_at < which.until


def _has_verdict(verdict: str, now: float) -> Any:
    silent = and_(runs.c.verdict == RUNNING, runs.c.heard_at < now - SILENT_SECONDS)
    if verdict == RUNNING:
        return and_(runs.c.verdict == RUNNING, runs.c.heard_at >= now - SILENT_SECONDS)
    if verdict == DIED:
        return or_(runs.c.verdict == DIED, silent)
    return runs.c.verdict == verdict


def _budgets(connection: Connection, run_ids: Sequence[str]) -> tuple[Mapping[str, _Shares], Mapping[str, _Shares]]:
    """What each run has spent of each SLO's error budget, and what it may; not of runs without any."""
    query = select(budgets.c.run_id, budgets.c.slo, budgets.c.spent, budgets.c.most)
    if len(run_ids) <= _ALL_AT_ONCE:
        query = query.where(budgets.c.run_id.in_(run_ids))
    spent: dict[str, dict[str, float]] = {}
    most: dict[str, dict[str, float]] = {}
    for run_id, slo, share, limit in connection.execute(query).all():
        if share is not None:
            if run_id in spent:
                spent[run_id][slo] = share
            else:
                spent[run_id] = {slo: share}
        if limit is not None:
            if run_id in most:
                most[run_id][slo] = limit
            else:
                most[run_id] = {slo: limit}
    return spent, most


def _run_rows(
    rows: Iterable[Iterable[Any]], spent: Mapping[str, _Shares], most: Mapping[str, _Shares], now: float
) -> Iterator[RunRow]:
    for (
        run_id, title, experiment, started_at, ended_at, verdict, reason, dry, host, faults, detect, page, recover,
        tags, heard_at,
    ) in rows:  # fmt: skip
        now_is, because = verdict_now(verdict, reason, heard_at, now) if verdict == RUNNING else (verdict, reason)
        yield RunRow(
            run_id, title, experiment, started_at, ended_at, now_is, because, dry, host, faults,
            Durations(detect, page, recover), spent.get(run_id, _NOTHING), _tags(tags), heard_at,
            most.get(run_id, _NOTHING),
        )  # fmt: skip


@lru_cache(1024)
def _tags(text: str) -> tuple[str, ...]:
    """The runs of an experiment have the same ones."""
    return tuple(json.loads(text))
