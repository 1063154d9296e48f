import threading
import time
from collections.abc import Sequence
from typing import Any, Self

import pytest

from runner.allowance.asking import ask
from runner.experiment.slo_names import find_slos
from runner.store import opening
from runner.store.store import StoreError
from runner.store.values import RunFilter, RunRow
from tests.runner.allowance.rows import row

SLOS = find_slos(["llm-ttft"]).slos
SET = {"MLCHAOS_CHAOS_ALLOWANCE": "20%"}


class Kept:
    """A store that has these runs."""

    place = "a store of the test"

    def __init__(self, *runs: RunRow, warnings: Sequence[str] = ()) -> None:
        self._runs = runs
        self.warnings = warnings

    def runs(self, _which: RunFilter) -> Sequence[RunRow]:
        return self._runs

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is open."""


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> Any:
    def keep(*runs: RunRow, warnings: Sequence[str] = ()) -> None:
        monkeypatch.setattr(opening, "is_there", lambda: True)
        monkeypatch.setattr(opening, "open_store", lambda: Kept(*runs, warnings=warnings))

    return keep


def test_without_an_allowance_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "open_store", lambda: pytest.fail("the store was opened"))
    told = ask(SLOS, 0.05, environment={})
    assert (told.refused, told.unknown, told.allowances) == ((), "", ())


def test_a_run_that_fits_into_what_is_left_is_let_in(stored: Any) -> None:
    stored(row(spent={"llm-ttft": 0.1}, started_at=time.time()))
    told = ask(SLOS, 0.05, environment=SET)
    assert (told.refused, told.unknown, told.asked) == ((), "", "a store of the test")
    assert told.allowances[0].left == pytest.approx(0.1)


def test_a_run_that_might_spend_more_than_is_left_is_refused(stored: Any) -> None:
    stored(row(spent={"llm-ttft": 0.16}, started_at=time.time()))
    (reason,) = ask(SLOS, 0.05, environment=SET).refused
    assert reason.startswith(
        "chaos runs have spent 16% of the error budget of llm-ttft this month, this run may spend 5%"
    )


def test_a_run_does_not_stand_in_its_own_way(stored: Any) -> None:
    stored(row("me", verdict="running", limits={"llm-ttft": 0.2}, started_at=time.time()))
    assert ask(SLOS, 0.05, "me", environment=SET).refused == ()
    assert ask(SLOS, 0.05, environment=SET).refused != ()


@pytest.mark.parametrize("known", [(), (row("me", verdict="running", started_at=time.time()),)])
def test_a_run_that_the_store_does_not_know_with_its_plan_is_not_let_in(stored: Any, known: Sequence[RunRow]) -> None:
    stored(*known)
    told = ask(SLOS, 0.05, "me", environment=SET)
    assert "this run could not be written down" in told.unknown
    assert "MLCHAOS_STATE_DIR" in told.unknown


def test_a_run_that_was_written_down_nowhere_is_not_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "is_there", lambda: False)
    assert "this run could not be written down" in ask(SLOS, 0.05, "me", environment=SET).unknown


def test_nothing_has_been_spent_where_nothing_has_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "is_there", lambda: False)
    told = ask(SLOS, 0.05, environment=SET)
    assert (told.refused, told.unknown) == ((), "")
    assert ask(SLOS, 0.25, environment=SET).refused != ()


def test_a_store_that_cannot_be_asked_leaves_it_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise StoreError("the database at db:5432 does not answer")

    monkeypatch.setattr(opening, "is_there", lambda: True)
    monkeypatch.setattr(opening, "open_store", fail)
    assert ask(SLOS, 0.05, environment=SET).unknown == (
        "what chaos runs have spent this month is not known: the database at db:5432 does not answer"
    )


def test_a_store_that_hangs_leaves_it_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    enough = threading.Event()
    monkeypatch.setattr(opening, "is_there", lambda: True)
    monkeypatch.setattr(opening, "open_store", lambda: enough.wait(30))
    monkeypatch.setattr("runner.allowance.asking.TIMEOUT_SECONDS", 0.05)
    assert "no answer within 0.05 s" in ask(SLOS, 0.05, environment=SET).unknown
    enough.set()


def test_a_store_that_does_not_have_every_run_leaves_it_unknown(stored: Any) -> None:
    stored(warnings=["spool/x.jsonl cannot be read"])
    assert "spool/x.jsonl cannot be read" in ask(SLOS, 0.05, environment=SET).unknown


def test_an_allowance_that_is_none_refuses(stored: Any) -> None:
    stored()
    (reason,) = ask(SLOS, 0.05, environment={"MLCHAOS_CHAOS_ALLOWANCE": "much"}).refused
    assert "MLCHAOS_CHAOS_ALLOWANCE: 'much' is no share of a budget" in reason
