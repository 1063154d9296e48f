"""The quality-of-service class of a pod."""

from lab.apiserver.errors import Document

_COUNTED = ("cpu", "memory")


def quality_of_service(spec: Document) -> str:
    """Guaranteed, Burstable or BestEffort, from the CPU and memory that the containers ask for."""
    containers = [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]
    resources = [container.get("resources") or {} for container in containers]
    asked = [{**(it.get("requests") or {}), **(it.get("limits") or {})} for it in resources]
    if not any(name in it for it in asked for name in _COUNTED):
        return "BestEffort"
    if all(_is_guaranteed(it.get("requests") or {}, it.get("limits") or {}) for it in resources):
        return "Guaranteed"
    return "Burstable"


def _is_guaranteed(requests: Document, limits: Document) -> bool:
    return all(name in limits and requests.get(name, limits[name]) == limits[name] for name in _COUNTED)
