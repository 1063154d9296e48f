"""What a node hands out to its pods: addresses and GPUs."""

from collections import deque
from collections.abc import Iterable
from ipaddress import IPv4Network

from lab.kubeclient import Document

GPU = "nvidia.com/gpu"


class ExhaustedError(Exception):
    """Nothing of the wanted kind is left; the message is for the pod's status."""


class AddressPool:
    """The pod addresses of a node. The one given back longest ago is handed out first, so none is reused at once.

    `used` are addresses that an earlier kubelet gave out and that clients may still believe in: they come last.
    """

    def __init__(self, cidr: IPv4Network, used: Iterable[str] = ()) -> None:
        remembered = set(used)
        hosts = [str(address) for address in cidr.hosts()][
            1:
        ]  # the first one is the node's own end, as with CNI bridges
        self._cidr = cidr
        self._free = deque(sorted(hosts, key=lambda address: address in remembered))

    def take(self) -> str:
        if not self._free:
            raise ExhaustedError(f"no pod address is left in {self._cidr}")
        return self._free.popleft()

    def release(self, address: str) -> None:
        self._free.append(address)


class DevicePool:
    """The GPUs of a node by index; `enabled` is False while its device plugin is away: none is handed out then."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.enabled = True
        self._free = set(range(count))

    def take(self, pod: Document) -> dict[str, tuple[int, ...]]:
        """GPUs for each container of the pod by its name; all or none."""
        wanted = {c["name"]: gpus_of(c) for c in pod["spec"]["containers"]}
        total = sum(wanted.values())
        available = len(self._free) if self.enabled else 0
        if total > available:
            raise ExhaustedError(
                f"Allocate failed due to requested number of devices unavailable for {GPU}. "
                f"Requested: {total}, Available: {available}, which is unexpected"
            )
        order = iter(sorted(self._free))
        taken = {name: tuple(next(order) for _ in range(count)) for name, count in wanted.items()}
        self._free.difference_update(*taken.values())
        return taken

    def release(self, taken: dict[str, tuple[int, ...]]) -> None:
        self._free.update(*taken.values())


def gpus_of(container: Document) -> int:
    """How many GPUs the container asks for."""
    resources = container.get("resources") or {}
    return int((resources.get("limits") or {}).get(GPU) or (resources.get("requests") or {}).get(GPU) or 0)
