"""A pod is evicted, as a drain or an autoscaler does it: only as far as disruption budgets allow."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import Field
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_delay, wait_exponential
from tenacity.stop import stop_base

from actions.fault import Draft, Injection, Permission, RefusedError, Target
from actions.pods.drafting import draft_of
from actions.pods.kill import KillArguments
from actions.pods.loss import REPLACED, PodLoss
from actions.pods.present import still_healthy
from actions.pods.replacing import check_replaced
from actions.run_context import current_run
from actions.selection.budgets import crowded
from actions.selection.picking import pick_pods
from actions.selection.pod import Pod
from actions.selection.workloads import Workloads
from clients.kube import ConflictError, Kube, NotFoundError, TooManyRequestsError

if TYPE_CHECKING:
    from actions.choice import Choice
    from actions.systems import Systems

logger = logging.getLogger("chaostoolkit")


class EvictArguments(KillArguments):
    """Which pods to evict, and how long to ask."""

    retry_seconds: float = Field(
        10.0, ge=0, le=120, description="How long to ask again where a disruption budget says: not now."
    )


class PodEviction(PodLoss[EvictArguments]):
    """Evict pods through the Kubernetes API, respecting PodDisruptionBudgets, and asking again where one says no (429).

    Only ready pods whose controller will replace them are taken, and only those very ones, never a namesake.
    """

    arguments = EvictArguments

    def plan(self, arguments: EvictArguments, systems: "Systems", choice: "Choice") -> Draft:
        kube = systems.kube
        picked = pick_pods(kube, arguments, choice)
        _check_evictable(kube, picked.pods)
        return draft_of(
            kube,
            picked,
            undo=REPLACED,
            permissions=[
                Permission("get", "pods", namespace=arguments.namespace),
                Permission("create", "pods/eviction", namespace=arguments.namespace),
            ],
            respected=True,
            warnings=check_replaced(Workloads(kube), picked.pods),
        )

    def inject(self, injection: Injection[EvictArguments], systems: "Systems") -> None:
        kube, target = systems.kube, injection.target
        still_healthy(kube, target)
        grace = injection.arguments.grace_seconds
        asking = Retrying(
            stop=stop_after_delay(injection.arguments.retry_seconds) | _RunIsStopping(),
            wait=wait_exponential(multiplier=0.1, max=2),
            retry=retry_if_exception_type(TooManyRequestsError),
            before_sleep=lambda state: _say_waiting(target, state),
            reraise=True,
        )
        try:
            asking(kube.evict, target.namespace, target.name, target.uid, grace)
        except TooManyRequestsError as error:
            raise RefusedError(
                f"{target} may not be evicted now, asked for {injection.arguments.retry_seconds:g} s: {error}"
            ) from error
        except (NotFoundError, ConflictError) as error:
            raise RefusedError(f"{target} went away before it could be evicted: {error}") from error


class _RunIsStopping(stop_base):
    """Give up as soon as the guard takes everything out."""

    def __call__(self, retry_state: RetryCallState) -> bool:
        del retry_state
        run = current_run()
        return run is not None and run.stopping


def _say_waiting(target: Target, state: RetryCallState) -> None:
    if state.attempt_number == 1 and state.outcome is not None:
        logger.info("%s may not be evicted yet, asking again: %s", target, state.outcome.exception())


def _check_evictable(kube: Kube, pods: Sequence[Pod]) -> None:
    """Kubernetes refuses to evict a pod over which several budgets stand, whatever they allow."""
    for pod, budgets in crowded(kube, pods):
        raise RefusedError(
            f"pod {pod.name} cannot be evicted: several disruption budgets select it ({', '.join(budgets)}), and "
            "Kubernetes refuses that; leave one of them"
        )
