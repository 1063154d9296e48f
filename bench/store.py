"""10,000 stored runs: a list, all of them, trends, and what is proven of alerts; in SQLite, and in a PostgreSQL."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, insert, select

from bench.result import Result, result
from runner.alerting.timeline import AlertPath
from runner.runs.record import RunRecord, SloSample
from runner.runs.trends import trends_of
from runner.store.database import Database
from runner.store.migrating import migrate
from runner.store.opening import open_unfilled
from runner.store.schema import metadata, runs
from runner.store.sql_store import SqlStore
from runner.store.values import RunFilter
from runner.store.writing import put
from tests.runner.store.postgres import find_postgres, running_postgres
from tests.runner.store.records import NOW, record, timeline

PUT, TIMES = 1000, 10
COUNT = PUT * TIMES
EXPERIMENTS = 30
ALERTS = 60
RUNS = 11
TARGET = "< 200 ms"
SECONDS_APART = 600.0
VERDICTS = ("held", "held", "held", "breached", "inconclusive", "aborted")
TICKS = 40


def measure() -> Iterator[Result]:
    with TemporaryDirectory(prefix="mlchaos-bench-") as directory:
        yield from _measured("SQLite", f"sqlite:///{Path(directory) / 'results.db'}")
    programs = find_postgres()
    if programs is not None:
        with running_postgres(programs) as server:
            yield from _measured("PostgreSQL", server.new_database())


def _measured(name: str, url: str) -> Iterator[Result]:
    database = Database(url)
    migrate(database)
    with database.writing() as connection:
        for number in range(PUT):
            run = _run(number)
            put(connection, run, run.started_at)
        for time_more in range(1, TIMES):
            _multiply(connection, time_more)
    with open_unfilled(url) as store:
        everything = RunFilter()
        middle = NOW + COUNT / 2 * SECONDS_APART
        month = (middle, middle + 30 * 86_400)
        assert len(store.runs(everything)) == COUNT
        assert sum(proof.tries for proof in store.alert_proofs()) == 2 * COUNT
        asked: dict[str, tuple[Callable[[], object], str]] = {
            "the newest 30 listed": (lambda: store.runs(RunFilter(limit=30)), TARGET),
            "all read, as an export does": (lambda: store.runs(everything), TARGET),
            "those of one experiment listed": (lambda: store.runs(RunFilter(experiment="experiment 7 ")), TARGET),
            "trends of all": (lambda: trends_of(store.trends(everything)), TARGET),
            "trend of one experiment": (lambda: trends_of(store.trends(RunFilter(experiment="experiment 7 "))), TARGET),
            "coverage": (store.alert_proofs, TARGET),
            "a month's spend": (lambda: store.spent_between(*month), TARGET),
            "one run, whole": (lambda: store.run(_id(PUT // 2)), ""),
        }
        for what, (ask, target) in asked.items():
            yield result(f"{name}, {COUNT} runs: {what}", [_timed(ask) for _ in range(RUNS)], "s", target=target)
        yield from _one_more(name, store)


def _multiply(connection: Connection, number: int) -> None:
    """The runs that were put once more, under other names and later: putting all of them would take a minute."""
    first = runs.c.run_id.in_([_id(one) for one in range(PUT)])
    for table in metadata.sorted_tables:
        later = number * PUT * SECONDS_APART
        changed = {"run_id": table.c.run_id + f"-{number}"}
        changed |= {at: table.c[at] + later for at in ("started_at", "ended_at", "heard_at", "run_at") if at in table.c}
        of_first = table.c.run_id.in_(select(runs.c.run_id).where(first))
        columns = [changed.get(column.name, column) for column in table.c]
        connection.execute(insert(table).from_select(list(table.c), select(*columns).where(of_first)))


def _one_more(name: str, store: SqlStore) -> Iterator[Result]:
    """What the end of a run takes, its transaction on the disk."""
    more = [_run(COUNT + number) for number in range(RUNS)]
    taken: Sequence[float] = [_timed(lambda run=run: store.put(run, run.started_at)) for run in more]  # type: ignore[misc]
    yield result(f"{name}, {COUNT} runs: one more stored", taken, "s")


def _timed(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return time.perf_counter() - began


def _id(number: int) -> str:
    return f"20261118T{number:06d}Z-{number:06x}"


def _run(number: int) -> RunRecord:
    """A run that expected two alerts, and watched two SLOs."""
    at = NOW + number * SECONDS_APART
    first, second = (f"Alert{(number * 2 + more) % ALERTS}" for more in (0, 1))
    outcome = "lost" if number % 5 == 0 else "proven"
    alerts = AlertPath((timeline(first, at), timeline(second, at, outcome=outcome)), evidence="sink")
    samples = tuple(
        SloSample(at + tick / 4, slo, (tick * 37 % 100) / 7, tick / 1e4)
        for tick in range(TICKS)
        for slo in ("llm-availability", "llm-ttft")
    )
    return replace(
        record(_id(number), at),
        title=f"experiment {number % EXPERIMENTS} of the bench",
        verdict=VERDICTS[number % len(VERDICTS)],
        samples=samples,
        alerts=alerts,
    )
