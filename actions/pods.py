"""Faults of pods: a pod is killed, and its controller has to replace it."""

import logging
import secrets
import time
from datetime import UTC, datetime
from typing import Any

from actions.run_context import Run, require_run
from actions.targets import Pod, RefusedError, check_member, check_replaced, choose
from clients.kube import ConflictError, Kube, NotFoundError

logger = logging.getLogger("chaostoolkit")

SEED_BITS = 32


def kill(
    namespace: str,
    label_selector: str,
    allowed_namespaces: list[str],
    workload: str = "",
    count: int = 1,
    min_ready_left: int = 1,
    grace_seconds: int = 0,
    seed: int | None = None,
) -> dict[str, Any]:
    """Action: delete exactly `count` ready pods through the Kubernetes API; what was killed is returned.

    Refuses when: no run is open or it is a dry one, the namespace is not among the allowed ones, the selector is empty
    or matches nothing, a pick does not belong to `workload` (such as deployment/llm, if it is given), fewer than
    `min_ready_left` ready pods would stay, or a pick would not be replaced by its controller. The pick is drawn with
    `seed` (drawn itself, and recorded, when it is not given), and only that very pod is deleted, not a namesake. There
    is nothing to undo: the controller puts the replacement there.
    """
    run = require_run("actions.pods.kill")
    if run.dry:
        raise RefusedError("this is a dry run, so nothing is killed")
    _check_request(namespace, label_selector, allowed_namespaces, grace_seconds)
    drawn = secrets.randbits(SEED_BITS) if seed is None else seed
    with Kube() as kube:
        pods = [Pod.from_document(document) for document in kube.pods(namespace, label_selector)]
        if not pods:
            raise RefusedError(f"no pod in namespace {namespace} matches {label_selector!r}: nothing was killed")
        picked = choose(pods, count, min_ready_left, drawn)
        for pod in picked:
            _check_controller(kube, pod, workload)
        killed = [_delete(kube, run, pod, grace_seconds) for pod in picked]
    survivors = [pod.uid for pod in pods if pod not in picked]
    return {
        "namespace": namespace,
        "label_selector": label_selector,
        "seed": drawn,
        "killed": killed,
        "matched": len(pods),
        "survivors": survivors,
    }


def _check_request(namespace: str, label_selector: str, allowed_namespaces: list[str], grace_seconds: int) -> None:
    if isinstance(allowed_namespaces, str) or not allowed_namespaces:
        raise RefusedError("allowed_namespaces must be a list with at least one namespace, such as [ml-serving]")
    if namespace not in allowed_namespaces:
        raise RefusedError(f"namespace {namespace!r} is outside the allowed ones ({', '.join(allowed_namespaces)})")
    if not label_selector.strip():
        raise RefusedError("label_selector is empty, which would match every pod; name the pods, such as app=llm")
    if grace_seconds < 0:
        raise RefusedError(f"grace_seconds must be at least 0, not {grace_seconds}")


def _check_controller(kube: Kube, pod: Pod, workload: str) -> None:
    if pod.owner is None:
        raise RefusedError(f"pod {pod.name} has no controller, so nothing would replace it")
    try:
        controller = kube.workload(pod.owner.kind, pod.namespace, pod.owner.name)
    except NotFoundError as error:
        raise RefusedError(f"the controller of pod {pod.name} is gone, so nothing would replace it: {error}") from error
    check_replaced(pod, controller)
    if workload:
        check_member(pod, controller, workload)


def _delete(kube: Kube, run: Run, pod: Pod, grace_seconds: int) -> dict[str, Any]:
    owner = f"{pod.owner.kind}/{pod.owner.name}" if pod.owner else ""
    target = {
        "cluster": kube.place,
        "namespace": pod.namespace,
        "name": pod.name,
        "uid": pod.uid,
        "node": pod.node,
        "owner": owner,
    }
    before = time.time()
    fault = run.intend("pod-kill", target, before)
    try:
        kube.delete_pod(pod.namespace, pod.name, pod.uid, grace_seconds)
    except (NotFoundError, ConflictError) as error:
        run.faults.remove(fault)
        raise RefusedError(f"pod {pod.name} went away before it could be killed: {error}") from error
    fault.injected_at = before
    logger.info("Killed pod %s on node %s (%s)", pod.name, pod.node or "unknown", owner)
    return {
        **target,
        "at": before,
        "time": datetime.fromtimestamp(before, UTC).isoformat(),
        "grace_seconds": grace_seconds,
    }
