"""Faults of pods: killed, evicted, or their processes killed or frozen."""

from actions.fault import register
from actions.pods.container_kill import ContainerKill
from actions.pods.evict import PodEviction
from actions.pods.freeze import Freeze
from actions.pods.kill import PodKill

kill = register("pods.kill", PodKill())
evict = register("pods.evict", PodEviction())
kill_container = register("pods.kill_container", ContainerKill())
freeze = register("pods.freeze", Freeze())
