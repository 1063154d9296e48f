"""The faults of an experiment's method, as it declares them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FOLDER = "actions."
"""How modules of faults begin."""


@dataclass(frozen=True, slots=True)
class FaultAction:
    """An action of the method that injects a fault: which, and with which arguments (references resolved)."""

    activity: str
    fault: str
    arguments: Mapping[str, Any]
    index: int
    """Where it is in the method."""


def fault_name(provider: object) -> str | None:
    """The name of the fault that a provider calls: `pods.kill` for `actions.pods` and `kill`; None for others."""
    if not isinstance(provider, Mapping) or not isinstance(provider.get("module"), str):
        return None
    module = provider["module"]
    return f"{module.removeprefix(FOLDER)}.{provider.get('func')}" if module.startswith(FOLDER) else None


def fault_actions(experiment: Mapping[str, Any], configuration: Mapping[str, Any]) -> tuple[FaultAction, ...]:
    """Each action of the method whose provider is a fault, in order."""
    from chaoslib import substitute

    found = []
    method = experiment.get("method")
    for index, activity in enumerate(method if isinstance(method, list) else ()):
        provider = activity.get("provider") if isinstance(activity, Mapping) else None
        name = fault_name(provider)
        if name is not None and isinstance(provider, Mapping):
            arguments = substitute(provider.get("arguments") or {}, dict(configuration), {})
            found.append(FaultAction(str(activity.get("name", "")), name, arguments, index))
    return tuple(found)
