"""Faults of nodes: cordoned, tainted so that their pods are driven away, or lost with all that runs there."""

from actions.fault import register
from actions.nodes.cordoning import CordonNode
from actions.nodes.losing import LoseNode
from actions.nodes.tainting import TaintNode

cordon = register(CordonNode.name, CordonNode())
taint = register(TaintNode.name, TaintNode())
lose = register("nodes.lose", LoseNode())
