"""What was put into the store is what it gives, in SQLite and in PostgreSQL."""

import multiprocessing
from dataclasses import replace

import pytest

from runner.alerting.timeline import AlertPath
from runner.runs.record import DIED, RUNNING, Durations
from runner.store.lists import SILENT_SECONDS
from runner.store.opening import open_unfilled
from runner.store.sql_store import SqlStore
from runner.store.store import StoreError, UnknownRunError
from runner.store.values import RunFilter
from tests.runner.store.records import NOW, record, timeline


def put(store: SqlStore, *run_ids: str, at: float = NOW, **changes: object) -> None:
    for number, run_id in enumerate(run_ids):
        run = record(run_id, at + number, **changes)
        store.put(run, run.ended_at or run.started_at)


def ids(store: SqlStore, **asked: object) -> list[str]:
    return [row.run_id for row in store.runs(RunFilter(**asked))]  # type: ignore[arg-type]


def test_a_run_is_read_as_it_was_put(store: SqlStore) -> None:
    run = record()
    store.put(run, NOW)
    assert store.run(run.run_id) == run


def test_what_is_not_known_of_a_run_stays_unknown(store: SqlStore) -> None:
    bare = replace(
        record(), ended_at=None, verdict=DIED, faults=None, samples=(), transitions=(), alerts=AlertPath(),
        durations=Durations(), stop=None, spent={}, plan={}, summary={}, objectives=(), versions={}, tags=(),
    )  # fmt: skip
    store.put(bare, NOW)
    assert store.run(bare.run_id) == bare


def test_texts_that_no_database_takes_are_made_fit(store: SqlStore) -> None:
    store.put(record(title="a\0b \ud800 ü", plan={"text": "a\0b \ud800"}), NOW)
    found = store.run("latest")
    assert found.title == "a\N{REPLACEMENT CHARACTER}b ? ü"
    assert found.plan == {"text": "a\0b \ud800"}


def test_a_run_is_found_by_a_beginning_that_no_other_has(store: SqlStore) -> None:
    put(store, "20261118T1-a", "20261118T2-b", "20261118T2-bc")
    assert store.run("20261118T1").run_id == "20261118T1-a"
    assert store.run("20261118T2-b").run_id == "20261118T2-b"
    assert store.run("latest").run_id == "20261118T2-bc"
    with pytest.raises(UnknownRunError, match="may be 20261118T2-bc, 20261118T2-b; give more of the id"):
        store.run("20261118T2")


@pytest.mark.parametrize("named", ["20261119", "%", "", "_" * 12])
def test_a_run_that_is_not_there_is_told(store: SqlStore, named: str) -> None:
    put(store, "20261118T1-a")
    with pytest.raises(UnknownRunError, match="the store has no run"):
        store.run(named)


def test_an_empty_store_has_no_latest_run(store: SqlStore) -> None:
    with pytest.raises(UnknownRunError, match="the store has no run yet"):
        store.run("latest")
    assert (store.runs(), store.trends(), store.alert_proofs(), store.spent_between(0, NOW)) == ((), (), (), {})


def test_news_of_a_run_take_the_place_of_what_was_known(store: SqlStore) -> None:
    going_on = replace(record(), ended_at=None, verdict=RUNNING, transitions=record().transitions[:1])
    store.put(going_on, NOW)
    store.put(record(), NOW)
    assert store.run("latest") == record()


def test_old_news_do_not_take_the_place_of_the_end(store: SqlStore) -> None:
    store.put(record(), NOW)
    store.put(replace(record(), ended_at=None, verdict=RUNNING), NOW)
    assert store.run("latest") == record()


def test_a_run_of_which_nothing_is_heard_any_more_has_died(store: SqlStore) -> None:
    store.put(replace(record("gone"), ended_at=None, verdict=RUNNING), NOW - SILENT_SECONDS)
    store.put(replace(record("lives", NOW + 1), ended_at=None, verdict=RUNNING), 9e9)
    assert [(row.run_id, row.verdict) for row in store.runs()] == [("lives", RUNNING), ("gone", DIED)]
    assert store.run("gone").verdict == DIED
    assert "nothing has been heard of it since" in store.run("gone").reason
    assert [row.run_id for row in store.unfinished()] == ["lives"]
    assert ids(store, verdicts=("died",)) == ["gone"]


def test_runs_are_listed_newest_first_with_what_they_spent_and_may(store: SqlStore) -> None:
    plan = {"error_budget": [{"slo": "llm-ttft", "most": 0.02}]}
    put(store, "a", "b", plan=plan)
    first, second = store.runs()
    assert (first.run_id, second.run_id) == ("b", "a")
    assert (first.spent, first.limits) == (record().spent, {"llm-ttft": 0.02})
    assert (first.durations, first.tags, first.faults) == (record().durations, record().tags, 1)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"experiment": "KILL"}, ["c", "b", "a"]),
        ({"experiment": "100%"}, ["odd"]),
        ({"experiment": "killed LLM"}, ["c", "b", "a"]),
        ({"verdicts": ("breached", "error")}, ["odd"]),
        ({"tag": 'a "tag"'}, ["c", "b", "a"]),
        ({"tag": "tag"}, []),
        ({"since": NOW + 1, "until": NOW + 10}, ["c", "b"]),
        ({"limit": 2}, ["odd", "c"]),
    ],
)
def test_runs_are_chosen_by_what_is_asked(store: SqlStore, asked: dict[str, object], found: list[str]) -> None:
    put(store, "a", "b", "c")
    put(store, "odd", at=NOW + 10, title="100% loss", experiment="x.yaml", verdict="breached", tags=("other",))
    assert ids(store, **asked) == found


def test_a_trend_has_the_judged_runs_that_broke_something_oldest_first(store: SqlStore) -> None:
    put(store, "a", "b")
    put(store, "dry", at=NOW + 10, dry=True)
    put(store, "harmless", at=NOW + 20, faults=0)
    put(store, "died", at=NOW + 30, verdict=DIED, ended_at=None)
    points = store.trends()
    assert [point.run_id for point in points] == ["a", "b"]
    assert (points[0].durations, points[0].spent) == (record().durations, record().spent)


def test_an_alert_is_proven_by_the_last_run_that_saw_it_all_the_way(store: SqlStore) -> None:
    lost = timeline(outcome="lost", lost_at="notified")
    muted = timeline(muted_by="silence")
    for number, path in enumerate((timeline(), timeline(), lost, muted)):
        store.put(record(f"run-{number}", NOW + number, alerts=AlertPath((path,))), NOW)
    (proof,) = store.alert_proofs()
    assert (proof.alert, proof.slo, proof.severity) == ("LlmBudgetBurn", "llm-availability", "page")
    assert (proof.tries, proof.proven) == (3, 2)
    assert (proof.last.run_id, proof.last.timeline) == ("run-2", lost)
    assert proof.last_proven is not None
    assert (proof.last_proven.run_id, proof.last_proven.at) == ("run-1", NOW + 1)


def test_an_alert_that_no_run_has_proven_says_so(store: SqlStore) -> None:
    store.put(record(alerts=AlertPath((timeline(outcome="unknown"),))), NOW)
    (proof,) = store.alert_proofs()
    assert (proof.tries, proof.proven, proof.last_proven) == (1, 0, None)


def test_what_runs_spent_is_summed_by_slo_over_the_runs_that_began_in_a_time(store: SqlStore) -> None:
    put(store, "a", "b", "c", spent={"x": 0.25, "y": 0.5})
    assert store.spent_between(NOW, NOW + 2) == {"x": 0.5, "y": 1.0}


def test_pruning_forgets_old_runs_and_all_that_hangs_on_them_but_none_that_goes_on(store: SqlStore) -> None:
    put(store, "old", "older")
    put(store, "goes-on", ended_at=None, verdict=RUNNING)
    put(store, "new", at=NOW + 100)
    assert store.prune(NOW + 50, dry=True) == 2
    assert len(store.runs()) == 4
    assert store.prune(NOW + 50) == 2
    assert sorted(ids(store)) == ["goes-on", "new"]
    assert store.spent_between(0, NOW + 50) == record().spent
    assert store.alert_proofs()[0].tries == 2


def end_runs(url: str, name: str) -> None:
    """As the end of a run does it, from a process of its own."""
    with open_unfilled(url) as store:
        for number in range(5):
            put(store, f"{name}-{number}", "the-same")


def test_several_runs_that_end_at_once_are_all_stored(url: str) -> None:
    """Also in a database that none of them has found tables in."""
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=end_runs, args=(url, name)) for name in ("a", "b", "c")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    with open_unfilled(url) as store:
        assert len(store.runs()) == 16
        assert store.run("the-same").transitions == record("the-same", NOW + 1).transitions


def test_a_store_that_is_away_is_told_without_the_password() -> None:
    with pytest.raises(StoreError) as raised:
        open_unfilled("postgresql://me:hunter2@127.0.0.1:1/results?password=hunter2")
    assert "the results store postgresql://me@127.0.0.1:1/results cannot be used" in str(raised.value)
    assert "hunter2" not in str(raised.value)
