"""All controllers by name, in the order of a pod's way through them."""

from typing import Any

from lab.controllers.controller import Controller
from lab.controllers.daemonset import DaemonSetController
from lab.controllers.deployment import DeploymentController
from lab.controllers.disruption import DisruptionController
from lab.controllers.endpoints import EndpointsController, EndpointSliceController
from lab.controllers.garbage import GarbageCollector
from lab.controllers.job import JobController
from lab.controllers.node_lifecycle import NodeLifecycleController
from lab.controllers.pod_gc import PodGarbageController
from lab.controllers.replicaset import ReplicaSetController
from lab.controllers.scheduling.scheduler import Scheduler
from lab.controllers.taint_eviction import TaintEvictionController

CONTROLLERS: dict[str, type[Controller[Any]]] = {
    controller.name: controller
    for controller in (
        DeploymentController,
        ReplicaSetController,
        JobController,
        DaemonSetController,
        Scheduler,
        EndpointsController,
        EndpointSliceController,
        NodeLifecycleController,
        TaintEvictionController,
        PodGarbageController,
        DisruptionController,
        GarbageCollector,
    )
}
