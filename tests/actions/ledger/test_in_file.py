"""The local ledger: the contract of every ledger, and what is its own."""

import tempfile
from pathlib import Path
from typing import ClassVar

from hypothesis import settings

from actions.ledger.in_file import InFile
from actions.ledger.store import Ledger
from actions.ledger.takeover import Clock
from tests.actions.ledger.contract import LedgerMachine
from tests.memory import memory


class InFileMachine(LedgerMachine):
    directory: ClassVar["tempfile.TemporaryDirectory[str]"]

    @classmethod
    def fresh(cls) -> None:
        cls.directory = tempfile.TemporaryDirectory(dir=memory())

    @classmethod
    def open(cls, clock: Clock) -> Ledger:
        return InFile(Path(cls.directory.name) / "ledger.sqlite", clock=clock)


TestContract = InFileMachine.TestCase
TestContract.settings = settings(max_examples=12, stateful_step_count=30, deadline=None)
