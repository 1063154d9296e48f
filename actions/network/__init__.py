"""Faults of the network: slow, lossy, broken or interrupted paths, and pods that are cut off."""

from actions.fault import register
from actions.network.down import Down
from actions.network.toxics import Bandwidth, Latency, LimitData, ResetPeer, Slicer, SlowClose, Timeout

latency = register("network.latency", Latency())
bandwidth = register("network.bandwidth", Bandwidth())
slow_close = register("network.slow_close", SlowClose())
timeout = register("network.timeout", Timeout())
reset_peer = register("network.reset_peer", ResetPeer())
slicer = register("network.slicer", Slicer())
limit_data = register("network.limit_data", LimitData())
down = register("network.down", Down())
