"""A pod in one line: how many containers are ready, what state it is in, how often it restarted."""

from lab.apiserver.durations import age
from lab.apiserver.errors import Document


def ready_containers(pod: Document) -> tuple[int, int]:
    """Ready containers (those that run), and all."""
    statuses = _statuses(pod)
    ready = sum(bool(it.get("ready")) and "running" in (it.get("state") or {}) for it in statuses)
    return ready, len(pod["spec"].get("containers") or [])


def restarts(pod: Document) -> str:
    """The number of restarts, with the time since the last one."""
    count = sum(it.get("restartCount", 0) for it in _statuses(pod))
    ends = [((it.get("lastState") or {}).get("terminated") or {}).get("finishedAt") for it in _statuses(pod)]
    latest = max(filter(None, ends), default=None)
    return f"{count} ({age(latest)} ago)" if count and latest else str(count)


def pod_reason(pod: Document) -> str:
    """The word in the STATUS column: the phase, or whatever says more (CrashLoopBackOff, Completed, Terminating)."""
    status = pod.get("status") or {}
    reason = str(status.get("reason") or status.get("phase") or "Unknown")
    reason = _initialising(pod, status) or _container_reason(status, reason)
    if pod["metadata"].get("deletionTimestamp"):
        return "Unknown" if status.get("reason") == "NodeLost" else "Terminating"
    return reason


def _statuses(pod: Document) -> list[Document]:
    return (pod.get("status") or {}).get("containerStatuses") or []


def _initialising(pod: Document, status: Document) -> str:
    """How far the init containers are, as long as they are not through."""
    statuses = status.get("initContainerStatuses") or []
    for index, container in enumerate(statuses):
        state = container.get("state") or {}
        terminated, waiting = state.get("terminated"), state.get("waiting") or {}
        if terminated and terminated.get("exitCode") == 0:
            continue
        if terminated:
            return f"Init:{_termination(terminated)}"
        if waiting.get("reason") not in (None, "", "PodInitializing"):
            return f"Init:{waiting['reason']}"
        return f"Init:{index}/{len(pod['spec'].get('initContainers') or [])}"
    return ""


def _container_reason(status: Document, reason: str) -> str:
    """The state of the first container that is not simply running."""
    running = False
    for container in reversed(status.get("containerStatuses") or []):
        state = container.get("state") or {}
        waiting, terminated = state.get("waiting") or {}, state.get("terminated")
        if waiting.get("reason"):
            reason = waiting["reason"]
        elif terminated:
            reason = _termination(terminated)
        elif container.get("ready") and "running" in state:
            running = True
    if reason == "Completed" and running:
        conditions = {it["type"]: it["status"] for it in status.get("conditions") or []}
        return "Running" if conditions.get("Ready") == "True" else "NotReady"
    return reason


def _termination(terminated: Document) -> str:
    if terminated.get("reason"):
        return str(terminated["reason"])
    signal = terminated.get("signal")
    return f"Signal:{signal}" if signal else f"ExitCode:{terminated.get('exitCode', 0)}"
