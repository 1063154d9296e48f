"""What faults inside a container have in common: the plan, and what the ledger keeps of the processes."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import JsonValue

from actions.fault import Draft, Fault, Injection, RefusedError, Target
from actions.pods.drafting import draft_of
from actions.pods.inside import (
    ContainerSelection,
    check_processes,
    choose_container,
    exec_permissions,
    processes_to_hit,
    same_container,
    send_signal,
)
from actions.pods.present import still_healthy
from actions.pods.processes import keys_in
from actions.selection.picking import pick_pods
from actions.selection.pod import Container, Pod

if TYPE_CHECKING:
    from actions.choice import Choice
    from actions.systems import Systems
    from clients.kube import Kube


class ContainerFault(Fault[ContainerSelection], ABC):
    """A signal to what the first process of a container has started."""

    arguments = ContainerSelection
    signal: str
    puts_back: str

    def plan(self, arguments: ContainerSelection, systems: "Systems", choice: "Choice") -> Draft:
        kube = systems.kube
        picked = pick_pods(kube, arguments, choice)
        containers = [choose_container(pod, arguments.container) for pod in picked.pods]
        warnings = self.check(kube, picked.pods, containers)
        for pod, container in zip(picked.pods, containers, strict=True):
            check_processes(kube, pod.target(), container.name, arguments.process)
        return draft_of(
            kube,
            picked,
            undo=self.puts_back,
            permissions=exec_permissions(arguments.namespace),
            details={
                pod.uid: {"container": container.name} for pod, container in zip(picked.pods, containers, strict=True)
            },
            warnings=warnings,
        )

    @abstractmethod
    def check(self, kube: "Kube", pods: Sequence[Pod], containers: Sequence[Container]) -> list[str]:
        """Warnings for the plan. Raises RefusedError for what must not be hit."""

    def undo_arguments(self, target: Target, arguments: ContainerSelection, systems: "Systems") -> dict[str, JsonValue]:
        """The container as it runs now, and its processes by pid and start time."""
        kube = systems.kube
        container = choose_container(still_healthy(kube, target), target.details["container"])
        processes = processes_to_hit(kube, target, container.name, arguments.process)
        return {
            "container": container.name,
            "container_id": container.id,
            "processes": [process.key for process in processes],
        }

    def inject(self, injection: Injection[ContainerSelection], systems: "Systems") -> None:
        kube, target, undo = systems.kube, injection.target, injection.undo
        container = str(undo["container"])
        if not same_container(kube, target, container, undo["container_id"]):
            raise RefusedError(f"container {container} of {target} is not the one any more that was to be hit")
        send_signal(kube, target, container, self.signal, keys_in(undo["processes"]))
