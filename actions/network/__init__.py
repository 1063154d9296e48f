"""Faults of the network: slow, lossy, broken or interrupted paths, and pods that are cut off."""

from actions.fault import register
from actions.network.down import Down
from actions.network.mesh import MeshCorrupt, MeshDelay, MeshLoss, MeshPartition
from actions.network.partition import Partition
from actions.network.toxics import Bandwidth, Latency, LimitData, ResetPeer, Slicer, SlowClose, Timeout

latency = register("network.latency", Latency())
bandwidth = register("network.bandwidth", Bandwidth())
slow_close = register("network.slow_close", SlowClose())
timeout = register("network.timeout", Timeout())
reset_peer = register("network.reset_peer", ResetPeer())
slicer = register("network.slicer", Slicer())
limit_data = register("network.limit_data", LimitData())
down = register("network.down", Down())
partition = register("network.partition", Partition())
mesh_delay = register("network.mesh_delay", MeshDelay())
mesh_loss = register("network.mesh_loss", MeshLoss())
mesh_corrupt = register("network.mesh_corrupt", MeshCorrupt())
mesh_partition = register("network.mesh_partition", MeshPartition())
