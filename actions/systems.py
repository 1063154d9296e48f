"""The outside systems that faults reach, each opened when it is first asked for, and closed together."""

import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from clients.alertmanager import Alertmanager
    from clients.kube import Kube
    from clients.node_killer import NodeKiller
    from clients.toxiproxy import Toxiproxy


class Systems:
    """One connection to each system, shared by the threads of a run."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._kube: Kube | None = None
        self._toxiproxies: dict[str, Toxiproxy] = {}
        self._alertmanagers: dict[str, Alertmanager] = {}

    @property
    def kube(self) -> "Kube":
        """The cluster that KUBECONFIG names, or in which this runs. Raises KubeError."""
        from clients.kube import Kube

        with self._lock:
            if self._kube is None:
                self._kube = Kube()
            return self._kube

    def toxiproxy(self, url: str) -> "Toxiproxy":
        """The Toxiproxy whose API is at `url`."""
        from clients.toxiproxy import Toxiproxy

        with self._lock:
            if url not in self._toxiproxies:
                self._toxiproxies[url] = Toxiproxy(url)
            return self._toxiproxies[url]

    def alertmanager(self, url: str) -> "Alertmanager":
        """The Alertmanager whose API is at `url`. Raises HttpError."""
        from clients.alertmanager import Alertmanager

        with self._lock:
            if url not in self._alertmanagers:
                self._alertmanagers[url] = Alertmanager(url)
            return self._alertmanagers[url]

    @property
    def node_killer(self) -> "NodeKiller":
        """What takes nodes away and brings them back, as the environment says. Raises NodeKillerError."""
        from clients.node_killer import node_killer

        return node_killer()

    def close(self) -> None:
        with self._lock:
            if self._kube is not None:
                self._kube.close()
                self._kube = None
            for proxy in self._toxiproxies.values():
                proxy.close()
            self._toxiproxies.clear()
            for alertmanager in self._alertmanagers.values():
                alertmanager.close()
            self._alertmanagers.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
