"""Plans of a made-up world: a fault that reads its pods from values, and experiments that inject it."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from actions.choice import Choice
from actions.fault import Affected, Arguments, Draft, Fault, Injection, Permission, RefusedError, System, Target
from actions.ledger.record import Record
from actions.systems import Systems

PODS = ("llm-a", "llm-b", "llm-c")


class TakeArguments(Arguments):
    """What to take of the made-up world."""

    count: int = Field(1, ge=0, description="How many pods.")
    namespace: str = Field("ml-serving", description="Where they are.")
    pods: list[str] = Field(list(PODS), description="Those that there are.")
    uid: str = Field("1", description="What tells them from namesakes.")


class Take(Fault[TakeArguments]):
    """Takes pods that exist in its arguments alone."""

    arguments = TakeArguments
    planes = ("kubernetes-api",)
    needs: ClassVar[tuple[System, ...]] = ()

    def plan(self, arguments: TakeArguments, systems: Systems, choice: Choice) -> Draft:
        del systems
        if arguments.count > len(arguments.pods):
            raise RefusedError(f"{arguments.count} of {len(arguments.pods)} pods are wanted: lower count")
        picked = choice.ranked(arguments.pods, str)[: arguments.count]
        return Draft(
            tuple(
                Target(
                    "pod", pod, arguments.namespace, f"{arguments.namespace}/{pod}-{arguments.uid}", {"node": "gpu-a"}
                )
                for pod in picked
            ),
            undo="the Deployment replaces them",
            locks=("workload:ml-serving/deployment/llm",),
            affected=(Affected("deployment/llm", arguments.namespace, len(arguments.pods), tuple(picked)),),
            candidates=len(arguments.pods),
        )

    def inject(self, injection: Injection[TakeArguments], systems: Systems) -> None:
        raise AssertionError("a plan injects nothing")

    def in_effect(self, injection: Injection[TakeArguments], systems: Systems) -> bool:
        raise AssertionError("a plan injects nothing")

    def undo(self, record: Record, systems: Systems) -> None:
        raise AssertionError("a plan undoes nothing")

    def undone(self, record: Record, systems: Systems) -> bool:
        raise AssertionError("a plan undoes nothing")


def radius(**limits: Any) -> dict[str, Any]:
    """A blast radius that allows one pod of three, with other limits."""
    usual = {"namespaces": ["ml-serving"], "pods": {"max": 1, "percent": 34}, "duration": "5m"}
    return {**usual, "error_budget": {"max_spend": "2%"}, **limits}


def experiment(*actions: Mapping[str, Any], **limits: Any) -> dict[str, Any]:
    """An experiment with an action for each mapping of arguments."""
    return {
        "title": "Pods are taken",
        "extensions": [
            {
                "name": "guard",
                "slos": ["llm-availability"],
                "blast_radius": radius(**limits),
                "abort_when": {"burn_rate": 14.4, "window": "1m"},
            }
        ],
        "method": [
            {
                "type": "action",
                "name": f"take {index}",
                "provider": {
                    "type": "python",
                    "module": "actions.made_up",
                    "func": "take",
                    "arguments": dict(arguments),
                },
            }
            for index, arguments in enumerate(actions, 1)
        ],
    }


def permission(verb: str) -> Permission:
    return Permission(verb, "pods", namespace="ml-serving")
