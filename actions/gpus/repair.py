"""Who repairs nodes by itself when DCGM says that a GPU is broken: an injected value can cost the real node. Pure."""

from actions.gpus.dcgm import EKS_FATAL_XIDS, XID_ERRORS
from actions.nodes.node import Node

EKS_CONDITION = "AcceleratedHardwareReady"
EKS_LABELS = "eks.amazonaws.com/"
NVSENTINEL_CONDITIONS = ("GpuAllWatch", "GpuMemWatch", "GpuInforomWatch", "GpuPcieWatch", "GpuNvlinkWatch")


def repairs(node: Node, field: int, value: int) -> tuple[str, ...]:
    """What may happen to the node by itself, in words."""
    found = []
    monitored = EKS_CONDITION in node.conditions
    if (monitored or any(label.startswith(EKS_LABELS) for label in node.labels)) and (
        field != XID_ERRORS or value in EKS_FATAL_XIDS
    ):
        agent = "the EKS node monitoring agent runs there" if monitored else "where the EKS node monitoring agent runs"
        found.append(
            f"node {node.name} is of EKS: {agent}, node auto repair may reboot or REPLACE it 10 minutes after this, "
            "which no undo brings back; keep blast_radius.duration well below that"
        )
    if any(condition in node.conditions for condition in NVSENTINEL_CONDITIONS):
        found.append(
            f"NVSentinel watches node {node.name}: it may cordon, drain and reboot it, and does not stop at the undo"
        )
    return tuple(found)
