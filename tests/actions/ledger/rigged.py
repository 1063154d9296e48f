"""A fault for tests: it breaks a set of names in this process, and misbehaves as it is told."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import ClassVar

from actions.choice import Choice
from actions.fault import Arguments, Draft, Fault, Injection, register
from actions.ledger.record import Record, Undo
from actions.systems import Systems
from tests.actions.ledger.records import record

NAME = "rigged.break_it"


@dataclass
class World:
    """What is broken now, and what happens on the way to mending it."""

    broken: set[str] = field(default_factory=set)
    undone: list[str] = field(default_factory=list)
    problems: list[Exception] = field(default_factory=list)
    """Raised by the next undos, one each."""
    stubborn: set[str] = field(default_factory=set)
    """What no undo mends."""
    on_undo: Callable[[Record], None] = lambda _record: None


class Nothing(Arguments):
    """No arguments."""


class RiggedFault(Fault[Nothing]):
    arguments = Nothing
    planes: ClassVar = ("application",)
    needs: ClassVar = ()
    undone_within: ClassVar = 0.04
    world = World()

    def plan(self, arguments: Nothing, systems: Systems, choice: Choice) -> Draft:
        return Draft((), "it is mended", ())

    def inject(self, injection: Injection[Nothing], systems: Systems) -> None:
        self.world.broken.add(injection.target.name)

    def in_effect(self, injection: Injection[Nothing], systems: Systems) -> bool:
        return injection.target.name in self.world.broken

    def undo(self, record: Record, systems: Systems) -> None:
        if self.world.problems:
            raise self.world.problems.pop(0)
        self.world.on_undo(record)
        self.world.undone.append(record.target.name)
        if record.target.name not in self.world.stubborn:
            with suppress(KeyError):
                self.world.broken.remove(record.target.name)

    def undone(self, record: Record, systems: Systems) -> bool:
        return record.target.name not in self.world.broken


rigged = RiggedFault()
register(NAME, rigged)


def fresh_world() -> World:
    """A world in which nothing is broken."""
    rigged.world = World()
    RiggedFault.world = rigged.world
    return rigged.world


def rigged_record(number: int = 1, run: str = "run-a", **changes: object) -> Record:
    """An intended record of the rigged fault on `llm-<number>`."""
    return record(number, run, **{"fault": NAME, "undo": Undo(NAME, {}), **changes})
