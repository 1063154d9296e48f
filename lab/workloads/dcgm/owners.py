"""Which container holds which GPU of a node, from the pods that are bound to it.

The kubelet hands out the free GPU with the lowest number, and this follows it pod by pod in the order of their start.
It is a reconstruction: a real exporter asks the kubelet's pod-resources socket.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from lab.kubeclient import Document

GPU_RESOURCE = "nvidia.com/gpu"


@dataclass(frozen=True, slots=True)
class Owner:
    """The container that holds a GPU."""

    namespace: str
    pod: str
    container: str


@dataclass(frozen=True, slots=True)
class Request:
    """A container's wish for GPUs; `key` tells it from any other, `started` orders it."""

    key: str
    started: str
    owner: Owner
    count: int


def requests_of(pod: Document) -> list[Request]:
    """The GPUs that a pod's containers hold; none when the pod has not been started yet or has ended."""
    status = pod.get("status") or {}
    if status.get("phase") in ("Succeeded", "Failed") or not status.get("startTime"):
        return []
    metadata = pod["metadata"]
    found = []
    for container in pod["spec"]["containers"]:
        resources = container.get("resources") or {}
        wanted = {**(resources.get("requests") or {}), **(resources.get("limits") or {})}
        if count := int(wanted.get(GPU_RESOURCE) or 0):
            owner = Owner(metadata["namespace"], metadata["name"], container["name"])
            found.append(Request(f"{metadata['uid']}/{container['name']}", status["startTime"], owner, count))
    return found


class GpuOwners:
    """The owners of the GPUs numbered 0 to `count` - 1; who holds one keeps it as long as its pod is there."""

    def __init__(self, count: int) -> None:
        self._holders: list[Request | None] = [None] * count

    def update(self, pods: Iterable[Document]) -> None:
        """Follow the pods as they are now."""
        wanted = {request.key: request for pod in pods for request in requests_of(pod)}
        self._holders = [held if held and held.key in wanted else None for held in self._holders]
        holding = {held.key for held in self._holders if held}
        for request in sorted(wanted.values(), key=lambda request: (request.started, request.key)):
            free = [index for index, held in enumerate(self._holders) if held is None]
            if request.key not in holding and len(free) >= request.count:
                for index in free[: request.count]:
                    self._holders[index] = request

    def owner(self, index: int) -> Owner | None:
        """Who holds this GPU."""
        held = self._holders[index]
        return held.owner if held else None
