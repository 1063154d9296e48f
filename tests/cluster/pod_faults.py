"""A fault of pods driven by hand, as the runner and the ledger drive it."""

import time
from dataclasses import dataclass
from functools import partial
from typing import Any

from actions.choice import Choice
from actions.fault import Draft, Fault, Injection, fault_named
from actions.ledger.record import Record, Undo
from actions.systems import Systems
from tests.waiting import wait_for

EFFECT_SECONDS = 20.0


@dataclass(slots=True)
class Life:
    """One fault with its arguments, from plan to undo, over one cluster."""

    name: str
    arguments: dict[str, Any]
    systems: Systems
    seed: int = 7

    @property
    def fault(self) -> Fault[Any]:
        return fault_named(self.name)

    def plan(self) -> Draft:
        return self.fault.plan(self.parsed(), self.systems, Choice(self.seed))

    def parsed(self) -> Any:
        return self.fault.arguments.model_validate(self.arguments)

    def intend(self, draft: Draft) -> list[Injection[Any]]:
        """What the ledger would hold of each target before it is hit."""
        parsed = self.parsed()
        return [
            Injection(
                "run", "tag", target, parsed, self.fault.undo_arguments(target, parsed, self.systems), time.time()
            )
            for target in draft.targets
        ]

    def inject(self, injections: list[Injection[Any]]) -> None:
        for injection in injections:
            self.fault.inject(injection, self.systems)
            wait_for(partial(self.fault.in_effect, injection, self.systems), EFFECT_SECONDS)

    def undo(self, injections: list[Injection[Any]]) -> None:
        """Twice, as it may happen."""
        for injection in injections:
            record = Record("record", "run", self.name, injection.target, Undo(self.name, injection.undo), 0.0, 0.0)
            self.fault.undo(record, self.systems)
            self.fault.undo(record, self.systems)
            wait_for(partial(self.fault.undone, record, self.systems), EFFECT_SECONDS)
