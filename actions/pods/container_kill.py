"""The processes of a container are killed, as an out-of-memory kill or a CUDA error does it; the pod stays."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from actions.fault import Injection, RefusedError
from actions.pods.container_fault import ContainerFault
from actions.pods.event import PodEvent
from actions.pods.inside import ContainerSelection, ShellKilledError, list_processes, same_container
from actions.pods.processes import keys_in, with_keys
from actions.pods.replacing import check_replaced
from actions.selection.pod import Container, Pod
from actions.selection.workloads import Workloads
from clients.kube import TransientError
from clients.kube_exec import ExecError

if TYPE_CHECKING:
    from actions.systems import Systems
    from clients.kube import Kube

logger = logging.getLogger("chaostoolkit")


class ContainerKill(PodEvent[ContainerSelection], ContainerFault):
    """Send SIGKILL to what a container's first process has started (the first one cannot be reached from inside).

    The pod stays: whether its first process starts others or ends, so that the kubelet restarts the container, is the
    application's. Needs a shell (sh) in the image, and `pods/exec`.
    """

    planes = ("application",)
    signal = "KILL"
    puts_back = "nothing to put back: the container's own supervision, or the kubelet, starts the processes again"

    def check(self, kube: "Kube", pods: Sequence[Pod], containers: Sequence[Container]) -> list[str]:
        del containers
        once = [pod for pod in pods if pod.restart_policy == "Never"]
        for pod in once:
            if pod.owner is None:
                raise RefusedError(
                    f"pod {pod.name} has no controller and restartPolicy Never: nothing would start it again"
                )
        of_jobs = [pod for pod in pods if pod.owner and pod.owner.kind == "Job"]
        return check_replaced(Workloads(kube), list({pod.uid: pod for pod in (*once, *of_jobs)}.values()))

    def inject(self, injection: Injection[ContainerSelection], systems: "Systems") -> None:
        """When the first process ends with those it has started, our shell dies too: then `in_effect` has to tell."""
        try:
            super().inject(injection, systems)
        except (ShellKilledError, ExecError, TransientError) as error:
            logger.info("What was killed may have taken the container with it: %s", error)

    def in_effect(self, injection: Injection[ContainerSelection], systems: "Systems") -> bool:
        kube, target, undo = systems.kube, injection.target, injection.undo
        container = str(undo["container"])
        if not same_container(kube, target, container, undo["container_id"]):
            return True
        there = with_keys(list_processes(kube, target, container), keys_in(undo["processes"]))
        return all(process.ended for process in there)
