"""The workloads of a lab, as `chaos lab status` shows them."""

import asyncio
from pathlib import Path

from lab.kubeclient import ApiError, Document, KubeClient


def workloads_table(kubeconfig: Path) -> str:
    """A table of the lab's pods, or a line that says why there is none."""
    try:
        pods = asyncio.run(_pods(kubeconfig))
    except (ApiError, OSError, TimeoutError) as error:
        return f"the cluster does not say what runs in it: {error}"
    lines = [f"{'NAMESPACE':<14}{'POD':<36}{'STATE':<12}{'READY':<7}NODE"]
    for pod in sorted(pods, key=lambda pod: (pod["metadata"]["namespace"], pod["metadata"]["name"])):
        metadata, status = pod["metadata"], pod.get("status", {})
        conditions = {condition["type"]: condition["status"] for condition in status.get("conditions", [])}
        state = "Terminating" if metadata.get("deletionTimestamp") else status.get("phase", "Unknown")
        lines.append(
            f"{metadata['namespace']:<14}{metadata['name']:<36}{state:<12}"
            f"{'yes' if conditions.get('Ready') == 'True' else 'no':<7}{pod['spec'].get('nodeName', '-')}"
        )
    return "\n".join(lines) if len(lines) > 1 else "no pods"


async def _pods(kubeconfig: Path) -> list[Document]:
    async with asyncio.timeout(10), KubeClient(kubeconfig) as api:
        items: list[Document] = (await api.list("/api/v1/pods"))["items"]
        return items
