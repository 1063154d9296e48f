"""What is done to a pod and over at once: nothing is put back, and what comes after it is the system's own."""

from abc import ABC
from typing import TYPE_CHECKING, TypeVar

from actions.fault import Fault, Injection
from actions.selection.arguments import PodSelection

if TYPE_CHECKING:
    from actions.ledger.record import Record
    from actions.systems import Systems

S = TypeVar("S", bound=PodSelection)


class PodEvent(Fault[S], ABC):
    """A fault that does not last."""

    lasts = False

    def still_in_effect(self, injection: Injection[S], systems: "Systems") -> bool:
        """It has happened, and cannot unhappen."""
        del injection, systems
        return True

    def undo(self, record: "Record", systems: "Systems") -> None:
        del record, systems

    def undone(self, record: "Record", systems: "Systems") -> bool:
        del record, systems
        return True
