"""A local ledger for the tests of commands."""

import time
from pathlib import Path

from actions.ledger.in_file import InFile
from actions.ledger.record import Record, State
from tests.actions.ledger.rigged import World, rigged_record


class LocalLedger:
    """The ledger in a state directory, and faults left in it."""

    def __init__(self, directory: Path, world: World) -> None:
        self.path = directory / "ledger.sqlite"
        self.world = world

    def leave(self, number: int = 1, run: str = "run-a", **changes: object) -> Record:
        """A fault that is in, past its expiry unless that is changed."""
        ledger = InFile(self.path)
        values = {"state": "active", "expires_at": time.time() - 60, **changes}
        stored = ledger.add(rigged_record(number, run, **values))
        ledger.close()
        self.world.broken.add(f"llm-{number}")
        return stored

    def make(self) -> None:
        """An empty ledger."""
        ledger = InFile(self.path)
        ledger.heartbeats()
        ledger.close()

    def states(self) -> list[State]:
        ledger = InFile(self.path)
        states = [record.state for record in ledger.records()]
        ledger.close()
        return states
