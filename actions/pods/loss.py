"""What all ways of taking a pod away have in common: it stays away, and its controller makes up for it."""

from abc import ABC
from typing import TYPE_CHECKING, TypeVar

from actions.fault import Fault, Injection
from actions.pods.present import is_leaving
from actions.selection.arguments import PodSelection

if TYPE_CHECKING:
    from actions.ledger.record import Record
    from actions.systems import Systems

REPLACED = "nothing to put back: each pod's controller replaces it"

S = TypeVar("S", bound=PodSelection)


class PodLoss(Fault[S], ABC):
    """A pod goes for good. There is nothing to undo: its controller puts another one in its place."""

    planes = ("kubernetes-api", "application")
    lasts = False

    def in_effect(self, injection: Injection[S], systems: "Systems") -> bool:
        return is_leaving(systems.kube, injection.target)

    def still_in_effect(self, injection: Injection[S], systems: "Systems") -> bool:
        """An event: what comes after it is the system's own."""
        del injection, systems
        return True

    def undo(self, record: "Record", systems: "Systems") -> None:
        del record, systems

    def undone(self, record: "Record", systems: "Systems") -> bool:
        del record, systems
        return True
