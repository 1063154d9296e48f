"""Whether a fault lasted is asked right before its undo; only a yes lets a run hold."""

import threading
from dataclasses import dataclass, field
from typing import Any

import pytest

from actions.choice import Choice
from actions.fault import Arguments, Draft, Fault, Injection, Target
from actions.ledger.record import Record, Undo
from actions.run_context import Injected
from actions.systems import Systems
from runner.guarding import last_look
from runner.guarding.last_look import look_once_more, vanished

TARGET = Target("path", "llm")


@dataclass
class Lasting(Fault[Arguments]):
    """A fault that answers what a test says, one after the other, and then the last for ever."""

    answers: list[bool | Exception] = field(default_factory=list)
    arguments = Arguments
    planes = ("network",)

    def in_effect(self, injection: Injection[Arguments], systems: Systems) -> bool:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def plan(self, arguments: Arguments, systems: Systems, choice: Choice) -> Draft:
        raise NotImplementedError

    def inject(self, injection: Injection[Arguments], systems: Systems) -> None:
        raise NotImplementedError

    def undo(self, record: Record, systems: Systems) -> None:
        raise NotImplementedError

    def undone(self, record: Record, systems: Systems) -> bool:
        raise NotImplementedError


class Event(Lasting):
    """One that is over when it has gone in."""

    def still_in_effect(self, injection: Injection[Arguments], systems: Systems) -> bool:
        return True


def injected(state: Any = "active") -> Injected:
    record = Record("r", "run", "f.f", TARGET, Undo("f.f", {}), 1.0, 9.0, state)
    return Injected(record, "break", 1.0, injection=Injection("run", "r", TARGET, Arguments(), {}, 9.0))


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_look, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(last_look, "AGAIN_SECONDS", 0.001)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Lasting([True]), ""),
        (Lasting([False, ConnectionResetError("dropped"), True]), ""),
        (Lasting([False]), "f.f on path llm: it was not in effect any more"),
        (Lasting([ConnectionResetError("dropped")]), "it is not known whether it was still in effect: dropped"),
        (Event([False]), ""),
    ],
)
def test_what_does_not_last_is_told(fault: Lasting, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_look, "fault_named", lambda _name: fault)
    one = injected()
    look_once_more([one], Systems())
    (told,) = vanished([one]) or ("",)
    assert said in told
    assert bool(said) == bool(told)


def test_what_is_out_already_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_look, "fault_named", lambda _name: Lasting([False]))
    one = injected("undone")
    look_once_more([one], Systems())
    assert vanished([one]) == ()


def test_a_system_that_hangs_does_not_hold_up_the_undo(monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = threading.Event()

    class Hanging(Lasting):
        def in_effect(self, injection: Injection[Arguments], systems: Systems) -> bool:
            return let_go.wait(60)

    monkeypatch.setattr(last_look, "fault_named", lambda _name: Hanging())
    one = injected()
    look_once_more([one], Systems())
    let_go.set()
    assert "could not be asked for in time" in one.vanished
