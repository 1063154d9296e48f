"""What all ways of taking a pod away have in common: it stays away, and its controller makes up for it."""

from abc import ABC
from typing import TYPE_CHECKING

from actions.fault import Injection
from actions.pods.event import PodEvent, S
from actions.pods.present import is_leaving

if TYPE_CHECKING:
    from actions.systems import Systems

REPLACED = "nothing to put back: each pod's controller replaces it"


class PodLoss(PodEvent[S], ABC):
    """A pod goes for good. There is nothing to undo: its controller puts another one in its place."""

    planes = ("kubernetes-api", "application")

    def in_effect(self, injection: Injection[S], systems: "Systems") -> bool:
        return is_leaving(systems.kube, injection.target)
