"""The DCGM host engine of a node, reached by running `dcgmi` in a DCGM pod there."""

from collections.abc import Mapping
from typing import Any

from actions.gpus.dcgm import ACCEPTED, Place, shown
from clients.kube import PODS, Kube
from clients.kube_exec import execute

COMMAND_SECONDS = 10.0
WARM_UP_ROWS = 3
"""The first rows are blank in an engine in which nobody has watched the field before."""


class DcgmError(Exception):
    """DCGM could not be asked, or refused: on which node, why."""


def dcgm_pods(kube: Kube, namespace: str, selector: str) -> dict[str, Mapping[str, Any]]:
    """The running DCGM pod of each node, by the node's name."""
    return {
        pod["spec"]["nodeName"]: pod
        for pod in kube.find(PODS, namespace, selector)
        if (pod.get("status") or {}).get("phase") == "Running" and "deletionTimestamp" not in pod["metadata"]
    }


class HostEngine:
    """What is asked of the host engine of one node."""

    def __init__(self, kube: Kube, node: str, namespace: str, selector: str, container: str = "") -> None:
        """Find the DCGM pod of the node now: the one of the plan may have been replaced. Raises DcgmError."""
        pod = dcgm_pods(kube, namespace, selector).get(node)
        if pod is None:
            raise DcgmError(f"no pod {selector!r} of namespace {namespace} runs on node {node}: DCGM cannot be asked")
        self._kube, self._node, self._namespace = kube, node, namespace
        self._pod: str = pod["metadata"]["name"]
        self._container: str = container or pod["spec"]["containers"][0]["name"]

    def inject(self, place: Place, value: int) -> None:
        """Make a field show `value`. Raises DcgmError."""
        said = self._run(place.inject(value))
        if ACCEPTED not in said:
            raise DcgmError(f"DCGM on node {self._node} did not take the value: {_short(said)}")

    def read(self, place: Place) -> int | None:
        """What a field shows now; None for no value. Raises DcgmError."""
        value = self._rows(place, 1)
        return self._rows(place, WARM_UP_ROWS) if value is None else value

    def _rows(self, place: Place, count: int) -> int | None:
        try:
            return shown(self._run(place.read(count)), place.gpu)
        except ValueError as error:
            raise DcgmError(f"DCGM on node {self._node} cannot be read: {error}") from error

    def _run(self, command: tuple[str, ...]) -> str:
        done = execute(self._kube, self._namespace, self._pod, self._container, command, timeout=COMMAND_SECONDS)
        if done.exit_code != 0:
            raise DcgmError(
                f"`{' '.join(command)}` in pod {self._namespace}/{self._pod} ended with {done.exit_code}: "
                f"{_short(done.stderr or done.stdout)}"
            )
        return done.stdout


def _short(text: str) -> str:
    return " ".join(text.split())[:300] or "it said nothing"
