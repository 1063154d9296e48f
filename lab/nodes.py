"""The machines that the lab pretends to have."""

from dataclasses import dataclass
from pathlib import Path

from lab.directory import LabDirectory
from lab.network import LabNetwork


@dataclass(frozen=True, slots=True)
class Node:
    """One node; `index` gives it its addresses."""

    index: int
    name: str
    zone: str
    gpus: int = 0

    def labels(self) -> dict[str, str]:
        labels = {
            "topology.kubernetes.io/region": "lab",
            "topology.kubernetes.io/zone": self.zone,
            "node.kubernetes.io/instance-type": "lab.gpu" if self.gpus else "lab.cpu",
        }
        if self.gpus:
            labels["nvidia.com/gpu.present"] = "true"
            labels["nvidia.com/gpu.product"] = "LAB-GPU"
        return labels

    def kubelet_arguments(self, directory: LabDirectory, network: LabNetwork, token: Path) -> list[str]:
        arguments = [
            *("--node", self.name),
            *("--node-ip", network.node_ip(self.index)),
            *("--pod-cidr", str(network.pod_range(self.index))),
            *("--root", str(directory.nodes / self.name)),
            *("--token-file", str(token)),
            *("--gpus", str(self.gpus)),
        ]
        for key, value in self.labels().items():
            arguments += ["--label", f"{key}={value}"]
        if self.gpus:
            arguments += ["--taint", "nvidia.com/gpu=present:NoSchedule"]
        return arguments


NODES = (
    Node(0, "cpu-a", "a"),
    Node(1, "cpu-b", "b"),
    Node(2, "gpu-a", "a", gpus=4),
    Node(3, "gpu-b", "b", gpus=4),
)
