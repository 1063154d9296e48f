"""Probes of workloads in Kubernetes: is it whole again?"""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from clients.kube import Document, Kube, TransientError

logger = logging.getLogger("chaostoolkit")

POLL_SECONDS = 0.25
SAY_AFTER_SECONDS = 2.0  # something new is said this long after what was said before it
REPEAT_AFTER_SECONDS = 10.0
KINDS = {"deployment": "Deployment", "statefulset": "StatefulSet", "replicaset": "ReplicaSet", "job": "Job"}


class NotHealedError(Exception):
    """A workload that did not become whole again in time: how far it came, and what holds it."""


class NotWholeError(Exception):
    """A workload that lacks something now: what, and in which cluster."""


@dataclass(frozen=True, slots=True)
class Health:
    """A workload's pods as they are: how many it wants, which are ready, and what the others are waiting for."""

    wanted: int
    ready: tuple[Document, ...]
    waiting: tuple[str, ...]
    observed: bool

    @property
    def whole(self) -> bool:
        return self.observed and len(self.ready) >= self.wanted


def whole(namespace: str, workload: str) -> bool:
    """Probe: True when every replica of a workload such as `deployment/llm` is ready, available and up to date, now.

    It belongs before a fault, which else is blamed for what was broken already. Raises NotWholeError with what is
    lacking, and KubeError when the cluster cannot tell; says which cluster it has read.
    """
    kind, name = _parsed(workload)
    with Kube() as kube:
        document = kube.workload(kind, namespace, name)
        health = _health(kube, namespace, document)
        place = f"in {namespace} at {kube.place}"
    missing = lacking(kind, document, health)
    if missing:
        raise NotWholeError(f"{workload} has {missing}, {place}")
    logger.info("%s is whole: %d of %d ready, %s", workload, len(health.ready), health.wanted, place)
    return True


def healed(namespace: str, workload: str, within_seconds: float = 60.0) -> dict[str, Any]:
    """Probe: wait until a workload such as `deployment/llm` has all its replicas ready again.

    It is whole when as many pods of its selector are ready (and not on their way out) as it wants, and its own status
    says so too. Raises NotHealedError with what holds it when that takes longer than `within_seconds`. An API that
    does not answer is asked again until then.
    """
    kind, name = _parsed(workload)
    started = time.time()
    said, told = started, ""
    reason = "nothing was read"
    with Kube() as kube:
        while True:
            try:
                health = _health(kube, namespace, kube.workload(kind, namespace, name))
            except TransientError as error:
                reason = str(error)
            else:
                if health.whole:
                    return _report(health, workload, started)
                reason = describe(health)
            now = time.time()
            if now - started > within_seconds:
                raise NotHealedError(f"{workload} is not whole after {within_seconds:g} s: {reason}")
            if now - said > (SAY_AFTER_SECONDS if reason != told else REPEAT_AFTER_SECONDS):
                logger.info("Waiting for %s (up to %g s): %s", workload, within_seconds, reason)
                said, told = now, reason
            time.sleep(POLL_SECONDS)


def judge(workload: Mapping[str, Any], pods: Sequence[Document]) -> Health:
    """Compare what a workload wants with the pods of its selector."""
    spec, status = workload["spec"], workload.get("status", {})
    wanted = spec.get("parallelism" if _is_job(spec) else "replicas", 1)
    alive = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
    ready = tuple(pod for pod in alive if _condition(pod, "Ready") == "True")
    return Health(
        wanted=wanted,
        ready=ready,
        waiting=tuple(f"pod {pod['metadata']['name']}: {_state(pod)}" for pod in alive if pod not in ready),
        observed=_observed(workload) and status.get("ready" if _is_job(spec) else "readyReplicas", 0) >= wanted,
    )


def _is_job(spec: Mapping[str, Any]) -> bool:
    """A Job wants its ranks (parallelism), the others their replicas."""
    return "parallelism" in spec


def _observed(workload: Mapping[str, Any]) -> bool:
    """Whether its controller has seen its last change. A Job does not tell."""
    seen = workload.get("status", {}).get("observedGeneration", 0)
    return _is_job(workload["spec"]) or seen >= workload["metadata"].get("generation", 0)


def lacking(kind: str, workload: Mapping[str, Any], health: Health) -> str:
    """What keeps a workload from being whole, in the words after "it has"; empty when nothing does."""
    if health.wanted < 1:
        return "no replicas to lose: it wants 0"
    if len(health.ready) < health.wanted:
        return describe(health)
    if kind == "Job":
        return "" if health.observed else "pods that its controller has not counted yet"
    status = workload.get("status", {})
    # Only a Deployment always counts its updated replicas: those of a StatefulSet may be held back on purpose.
    for what in ("ready", "available", *(("updated",) if kind == "Deployment" else ())):
        counted = status.get(f"{what}Replicas", 0)
        if counted < health.wanted:
            return f"{counted} of {health.wanted} {what}"
    if status.get("replicas", 0) > health.wanted:
        return f"{status['replicas']} replicas instead of {health.wanted}: a rollout or a scale-down is under way"
    if not health.observed:
        return "a change that its controller has not seen yet"
    return ""


def describe(health: Health) -> str:
    """How far a workload is, in one line."""
    return "; ".join((f"{len(health.ready)} of {health.wanted} ready", *health.waiting[:3]))


def _parsed(workload: str) -> tuple[str, str]:
    kind, _, name = workload.partition("/")
    if kind.lower() not in KINDS or not name:
        raise ValueError(f"workload {workload!r} is not readable: write it like deployment/llm ({', '.join(KINDS)})")
    return KINDS[kind.lower()], name


def _health(kube: Kube, namespace: str, workload: Document) -> Health:
    return judge(workload, kube.pods(namespace, label_selector(workload["spec"]["selector"])))


def label_selector(selector: Mapping[str, Any]) -> str:
    """A workload's own selector, as the query of a list."""
    terms = [f"{key}={value}" for key, value in selector.get("matchLabels", {}).items()]
    terms += [_requirement(expression) for expression in selector.get("matchExpressions", ())]
    return ",".join(terms)


def _requirement(expression: Mapping[str, Any]) -> str:
    key, operator = expression["key"], expression["operator"]
    if operator == "Exists":
        return str(key)
    if operator == "DoesNotExist":
        return f"!{key}"
    return f"{key} {operator.lower()} ({','.join(expression['values'])})"


def _report(health: Health, workload: str, started: float) -> dict[str, Any]:
    now = time.time()
    logger.info("%s is whole: %d of %d ready", workload, len(health.ready), health.wanted)
    return {
        "workload": workload,
        "wanted": health.wanted,
        "at": now,
        "time": datetime.fromtimestamp(now, UTC).isoformat(),
        "waited_seconds": now - started,
        "pods": [
            {
                "name": pod["metadata"]["name"],
                "uid": pod["metadata"]["uid"],
                "node": pod.get("spec", {}).get("nodeName", ""),
                "created": pod["metadata"].get("creationTimestamp", ""),
            }
            for pod in health.ready
        ],
    }


def _condition(pod: Mapping[str, Any], kind: str) -> str:
    conditions = pod.get("status", {}).get("conditions") or ()
    return next((condition["status"] for condition in conditions if condition["type"] == kind), "Unknown")


def _state(pod: Mapping[str, Any]) -> str:
    """Why a pod is not ready, as its status tells it."""
    status = pod.get("status", {})
    for container in status.get("containerStatuses") or ():
        waiting = container.get("state", {}).get("waiting")
        if waiting:
            return f"{waiting.get('reason', 'waiting')} {waiting.get('message', '')}".strip()
    for condition in status.get("conditions") or ():
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            return f"not scheduled: {condition.get('message', '')}"
    return f"{status.get('phase', 'Unknown')}, not ready"
