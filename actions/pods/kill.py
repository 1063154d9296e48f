"""A pod is deleted, and its controller has to replace it."""

from typing import TYPE_CHECKING

from pydantic import Field

from actions.fault import Draft, Injection, Permission, RefusedError
from actions.pods.drafting import draft_of
from actions.pods.loss import REPLACED, PodLoss
from actions.pods.present import still_healthy
from actions.pods.replacing import check_replaced
from actions.selection.arguments import PodSelection
from actions.selection.picking import pick_pods
from actions.selection.workloads import Workloads
from clients.kube import PODS, ConflictError, NotFoundError

if TYPE_CHECKING:
    from actions.choice import Choice
    from actions.systems import Systems


class KillArguments(PodSelection):
    """Which pods to delete, and how much time they get."""

    grace_seconds: int | None = Field(
        None, ge=0, description="Seconds from SIGTERM to SIGKILL; 0: without grace. The pod's own by default."
    )


class PodKill(PodLoss[KillArguments]):
    """Delete pods through the Kubernetes API, with or without grace; disruption budgets are not asked.

    Only ready pods whose controller will replace them are taken, and only those very ones, never a namesake.
    """

    arguments = KillArguments

    def plan(self, arguments: KillArguments, systems: "Systems", choice: "Choice") -> Draft:
        kube = systems.kube
        picked = pick_pods(kube, arguments, choice)
        warnings = check_replaced(Workloads(kube), picked.pods)
        if arguments.grace_seconds == 0:
            warnings += [
                f"pod {pod.name} of {pod.owner} goes without grace: two of one identity may run "
                "where its node does not answer"
                for pod in picked.pods
                if pod.owner and pod.owner.kind == "StatefulSet"
            ]
        permissions = [Permission(verb, "pods", namespace=arguments.namespace) for verb in ("get", "delete")]
        return draft_of(kube, picked, undo=REPLACED, permissions=permissions, warnings=warnings)

    def inject(self, injection: Injection[KillArguments], systems: "Systems") -> None:
        kube, target = systems.kube, injection.target
        still_healthy(kube, target)
        grace = injection.arguments.grace_seconds
        try:
            kube.delete(PODS, target.name, target.namespace, uid=target.uid, grace_seconds=grace)
        except (NotFoundError, ConflictError) as error:
            raise RefusedError(f"{target} went away before it could be killed: {error}") from error
