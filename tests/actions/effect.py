"""Looking at a fault as an action looks: what is being broken may not answer for a moment, and is asked again."""

from typing import Any

from actions.fault import Fault, Injection
from actions.systems import Systems
from clients.kube_errors import TransientError
from clients.kube_exec import ExecError


def seen(fault: Fault[Any], injection: Injection[Any], systems: Systems) -> bool:
    """Whether the fault is in effect; False too while its container cannot be looked into."""
    try:
        return fault.in_effect(injection, systems)
    except (ExecError, TransientError):
        return False
