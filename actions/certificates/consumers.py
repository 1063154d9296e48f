"""Which pods read a certificate out of a Secret, and which of them would see another one. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from clients.kube import Document


@dataclass(frozen=True, slots=True)
class Consumer:
    """A pod that reads the entry: `follows` says that its files change when the Secret does."""

    pod: Document
    follows: bool

    @property
    def name(self) -> str:
        return str(self.pod["metadata"]["name"])


def consumers(pods: Iterable[Document], secret: str, entry: str) -> list[Consumer]:
    """The pods (those that have not finished) that read `entry` of the Secret."""
    found = []
    for pod in pods:
        if (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
            continue
        ways = list(_ways(pod["spec"], secret, entry))
        if ways:
            found.append(Consumer(pod, follows=all(ways)))
    return found


def _ways(spec: Document, secret: str, entry: str) -> Iterator[bool]:
    """One for each way in which a container gets the entry: True where it follows changes."""
    volumes = {volume["name"] for volume in spec.get("volumes") or () if _shows(volume, secret, entry)}
    for container in spec.get("containers") or ():
        for mount in container.get("volumeMounts") or ():
            if mount["name"] in volumes:
                yield not (mount.get("subPath") or mount.get("subPathExpr"))
        if _in_environment(container, secret, entry):
            yield False


def _shows(volume: Document, secret: str, entry: str) -> bool:
    if "secret" in volume:
        return volume["secret"].get("secretName") == secret and _takes(volume["secret"], entry)
    sources = (volume.get("projected") or {}).get("sources") or ()
    blocks = [source["secret"] for source in sources if "secret" in source]
    return any(block.get("name") == secret and _takes(block, entry) for block in blocks)


def _takes(block: Document, entry: str) -> bool:
    items = block.get("items")
    return not items or any(item.get("key") == entry for item in items)


def _in_environment(container: Document, secret: str, entry: str) -> bool:
    whole = [(source.get("secretRef") or {}).get("name") for source in container.get("envFrom") or ()]
    single: list[Any] = [
        ((variable.get("valueFrom") or {}).get("secretKeyRef") or {}) for variable in container.get("env") or ()
    ]
    return secret in whole or any(one.get("name") == secret and one.get("key") == entry for one in single)
