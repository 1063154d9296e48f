"""A small fault family of the tests: a file that must not be there. `python -m tests.guard.chaos` knows it."""

import contextlib
import os
import time
from pathlib import Path

from pydantic import Field

from actions.choice import Choice
from actions.fault import Arguments, Draft, Fault, Injection, RefusedError, Target, register
from actions.ledger.record import Record
from actions.systems import Systems


class Where(Arguments):
    """What the fault makes, and how badly it behaves."""

    directory: str = Field(description="Where the files are made.")
    names: list[str] = Field(default=["broken"], description="One file each.")
    inject_seconds: float = Field(default=0, description="How long the injection takes.")
    undo_seconds: float = Field(default=0, description="How long the undo takes.")
    undoable: bool = Field(default=True, description="Whether it comes out.")
    lands: bool = Field(default=True, description="Whether it has an effect.")


class Touch(Fault[Where]):
    """Make files."""

    arguments = Where
    planes = ("application",)
    needs = ()
    effect_within = 1.0
    undone_within = 1.0

    def plan(self, arguments: Where, systems: Systems, choice: Choice) -> Draft:
        if not arguments.names:
            raise RefusedError("no names, so there is nothing to break")
        targets = tuple(
            Target(
                "path",
                name,
                details={"directory": arguments.directory, "seconds": str(arguments.undo_seconds)}
                | ({} if arguments.undoable else {"undoable": "no"}),
            )
            for name in arguments.names
        )
        return Draft(targets, "the files are removed", tuple(f"path:{name}" for name in arguments.names))

    def inject(self, injection: Injection[Where], systems: Systems) -> None:
        directory = Path(injection.arguments.directory)
        (directory / f"{injection.target.name}.sent").touch()
        time.sleep(injection.arguments.inject_seconds)
        if injection.arguments.lands:
            (directory / injection.target.name).write_text(repr(time.time()))

    def in_effect(self, injection: Injection[Where], systems: Systems) -> bool:
        return _file(injection.target).exists()

    def undo(self, record: Record, systems: Systems) -> None:
        with _file(record.target).with_suffix(".undo").open("a") as log:
            log.write(f"{os.getpid()} {time.time()}\n")
        time.sleep(float(record.target.details["seconds"]))
        if record.target.details.get("undoable") == "no":
            raise OSError("the file clings to its directory")
        with contextlib.suppress(FileNotFoundError):
            _file(record.target).unlink()

    def undone(self, record: Record, systems: Systems) -> bool:
        return not _file(record.target).exists()


def _file(target: Target) -> Path:
    return Path(target.details["directory"]) / target.name


touch = register("files_of_tests.touch", Touch())
