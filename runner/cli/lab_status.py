"""The state of a lab in words, as `chaos lab status` shows it."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from lab.kubeclient import ApiError, Document, KubeClient
from lab.state import LabState


@dataclass(frozen=True, slots=True)
class PodLine:
    """One pod of the lab."""

    namespace: str
    name: str
    state: str
    ready: bool
    node: str

    @property
    def well(self) -> bool:
        return self.ready or self.state == "Succeeded"


@dataclass(frozen=True, slots=True)
class Workloads:
    """The pods of a lab, or why they are not known."""

    pods: tuple[PodLine, ...] = ()
    failure: str = ""

    def table(self) -> str:
        if self.failure:
            return f"the cluster does not say what runs in it: {self.failure}"
        if not self.pods:
            return "no pods"
        lines = [f"{'NAMESPACE':<14}{'POD':<36}{'STATE':<12}{'READY':<7}NODE"]
        for pod in self.pods:
            ready = "yes" if pod.ready else "no"
            lines.append(f"{pod.namespace:<14}{pod.name:<36}{pod.state:<12}{ready:<7}{pod.node}")
        return "\n".join(lines)


def headline(state: LabState, workloads: Workloads | None) -> str:
    """The first line: `ready` only when every process runs and every pod is ready."""
    if state.phase != "ready":
        return f"{state.phase}: {state.step}" if state.step else state.phase
    wrong = [f"{component.name} is down" for component in state.components if not component.running]
    if state.rules_problem:
        wrong.append(f"no SLO rules ({state.rules_problem})")
    if workloads is None or workloads.failure:
        wrong.append("the cluster does not answer")
    elif unready := [pod.name for pod in workloads.pods if not pod.well]:
        shown = ", ".join(unready[:3]) + (", ..." if len(unready) > 3 else "")
        wrong.append(f"{len(unready)} of {len(workloads.pods)} pods not ready ({shown})")
    return "degraded: " + "; ".join(wrong) if wrong else "ready"


def workloads_of(kubeconfig: Path) -> Workloads:
    """Ask the lab's API for its pods."""
    try:
        pods, nodes = asyncio.run(_ask(kubeconfig))
    except (ApiError, OSError, TimeoutError) as error:
        return Workloads(failure=str(error) or type(error).__name__)
    reachable = {node["metadata"]["name"] for node in nodes if _condition(node, "Ready")}
    lines = (_line(pod, reachable) for pod in pods)
    return Workloads(tuple(sorted(lines, key=lambda line: (line.namespace, line.name))))


def _line(pod: Document, reachable: set[str]) -> PodLine:
    metadata, status = pod["metadata"], pod.get("status", {})
    node = pod["spec"].get("nodeName", "")
    lost = bool(node) and node not in reachable
    state = "Terminating" if metadata.get("deletionTimestamp") else status.get("phase", "Unknown")
    return PodLine(
        namespace=metadata["namespace"],
        name=metadata["name"],
        state="Lost" if lost else state,
        ready=_condition(pod, "Ready") and not lost,
        node=node or "-",
    )


def _condition(item: Document, name: str) -> bool:
    conditions = item.get("status", {}).get("conditions", [])
    return any(condition["type"] == name and condition["status"] == "True" for condition in conditions)


async def _ask(kubeconfig: Path) -> tuple[list[Document], list[Document]]:
    async with asyncio.timeout(10), KubeClient(kubeconfig) as api:
        return (await api.list("/api/v1/pods"))["items"], (await api.list("/api/v1/nodes"))["items"]
