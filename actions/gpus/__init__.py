"""Faults of GPUs: they vanish from a node, or DCGM says that one is broken."""

from actions.fault import register
from actions.gpus.broken_reading import InjectReading
from actions.gpus.vanishing import VanishGpus
from actions.gpus.xid_errors import InjectXid

vanish = register(VanishGpus.name, VanishGpus())
xid = register("gpus.xid", InjectXid())
reading = register("gpus.reading", InjectReading())
