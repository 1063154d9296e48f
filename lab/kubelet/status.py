"""From what the containers do to the status of their pod, and back. Pure."""

from dataclasses import dataclass, replace

from lab.kubeclient import Document


@dataclass(frozen=True, slots=True)
class Waiting:
    reason: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Running:
    started_at: str


@dataclass(frozen=True, slots=True)
class Terminated:
    exit_code: int
    reason: str
    started_at: str
    finished_at: str
    message: str = ""


State = Waiting | Running | Terminated


@dataclass(frozen=True, slots=True)
class ContainerRecord:
    """What is known of one container; `ready` and `started` are the probes' word (True without probes)."""

    name: str
    image: str = ""
    state: State = Waiting("ContainerCreating")
    last: Terminated | None = None
    restarts: int = 0
    ready: bool = False
    started: bool = False
    container_id: str = ""

    @property
    def has_run(self) -> bool:
        return self.last is not None or not isinstance(self.state, Waiting)


@dataclass(frozen=True, slots=True)
class PodRecord:
    """What is known of one pod. `failure` (reason, message) is set when the pod was refused or given up as a whole."""

    containers: tuple[ContainerRecord, ...]
    inits: tuple[ContainerRecord, ...] = ()
    host_ip: str = ""
    pod_ip: str = ""
    start_time: str = ""
    failure: tuple[str, str] | None = None

    @property
    def rejected(self) -> bool:
        """Given up before any container ran: it has no containers to tell of, and none that is being created."""
        return self.failure is not None and not any(record.has_run for record in (*self.inits, *self.containers))


def restarts(policy: str, exit_code: int) -> bool:
    """Whether a container that ended with `exit_code` is started again."""
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)


def succeeded(record: ContainerRecord) -> bool:
    return isinstance(record.state, Terminated) and record.state.exit_code == 0


def phase(pod: PodRecord, policy: str) -> str:
    """Pending, Running, Succeeded or Failed, by Kubernetes' rules."""
    if pod.failure:
        return "Failed"
    for record in pod.inits:
        if not succeeded(record):
            given_up = isinstance(record.state, Terminated) and not restarts(policy, record.state.exit_code)
            return "Failed" if given_up else "Pending"
    if all(isinstance(record.state, Terminated) for record in pod.containers):
        return "Succeeded" if all(succeeded(record) for record in pod.containers) else "Failed"
    return "Running" if all(record.has_run for record in pod.containers) else "Pending"


def pod_status(document: Document, pod: PodRecord, now: str) -> Document:
    """The whole status of a pod. `document` is the pod as stored: others' conditions and transition times are kept."""
    spec, stored = document["spec"], document.get("status") or {}
    status = {
        "phase": phase(pod, spec.get("restartPolicy", "Always")),
        "conditions": _conditions(document, pod, now),
        "startTime": pod.start_time,
    }
    if not pod.rejected:
        status["containerStatuses"] = [container_status(record) for record in pod.containers]
    if pod.inits and not pod.rejected:
        inits = (replace(record, ready=succeeded(record)) for record in pod.inits)
        status["initContainerStatuses"] = [container_status(record) for record in inits]
    if pod.pod_ip:
        status |= {"podIP": pod.pod_ip, "podIPs": [{"ip": pod.pod_ip}]}
    status |= {"hostIP": pod.host_ip, "hostIPs": [{"ip": pod.host_ip}]}
    if pod.failure:
        status |= {"reason": pod.failure[0], "message": pod.failure[1]}
    for kept in ("qosClass", "nominatedNodeName", "resourceClaimStatuses"):
        if kept in stored:
            status[kept] = stored[kept]
    return status


def _conditions(document: Document, pod: PodRecord, now: str) -> list[Document]:
    stored = {c["type"]: c for c in (document.get("status") or {}).get("conditions") or []}
    ended = phase(pod, document["spec"].get("restartPolicy", "Always")) in ("Succeeded", "Failed")
    initialized = not pod.failure and all(succeeded(record) for record in pod.inits)
    unready = [r.name for r in pod.containers if not (r.ready and isinstance(r.state, Running))]
    gates = [gate["conditionType"] for gate in document["spec"].get("readinessGates") or []]
    shut = [gate for gate in gates if stored.get(gate, {}).get("status") != "True"]
    not_ready = ("PodCompleted", "") if ended else ("ContainersNotReady", f"containers with unready status: {unready}")
    if ended and phase(pod, document["spec"].get("restartPolicy", "Always")) == "Failed":
        not_ready = ("PodFailed", "")
    containers_ready = None if not unready else not_ready
    ready = containers_ready or (("ReadinessGatesNotReady", f"readiness gates not passed: {shut}") if shut else None)
    ours: dict[str, tuple[str, str] | None] = {
        "PodScheduled": None,
        "PodReadyToStartContainers": None if pod.pod_ip and not ended else ("", ""),
        "Initialized": None if initialized else ("ContainersNotInitialized", ""),
        "ContainersReady": containers_ready,
        "Ready": ready,
    }
    conditions = [_condition(kind, why_not, stored.get(kind), now) for kind, why_not in ours.items()]
    return conditions + [condition for kind, condition in stored.items() if kind not in ours]


def _condition(kind: str, why_not: tuple[str, str] | None, stored: Document | None, now: str) -> Document:
    status = "True" if why_not is None else "False"
    since = stored.get("lastTransitionTime") if stored and stored["status"] == status else None
    condition = {"type": kind, "status": status, "lastProbeTime": None, "lastTransitionTime": since or now}
    if why_not is not None:
        condition |= {key: text for key, text in zip(("reason", "message"), why_not, strict=True) if text}
    return condition


def container_status(record: ContainerRecord) -> Document:
    """One entry of `containerStatuses`."""
    return {
        "name": record.name,
        "image": record.image,
        "imageID": "",
        "containerID": record.container_id,
        "state": _state(record.state),
        "lastState": _state(record.last) if record.last else {},
        "ready": record.ready,
        "started": record.started,
        "restartCount": record.restarts,
    }


def _state(state: State) -> Document:
    match state:
        case Waiting():
            return {"waiting": {"reason": state.reason} | ({"message": state.message} if state.message else {})}
        case Running():
            return {"running": {"startedAt": state.started_at}}
        case Terminated():
            terminated = {
                "exitCode": state.exit_code,
                "reason": state.reason,
                "startedAt": state.started_at,
                "finishedAt": state.finished_at,
            }
            return {"terminated": terminated | ({"message": state.message} if state.message else {})}


LOST = Terminated(137, "ContainerStatusUnknown", "", "", "The container could not be located when the kubelet started")


def resume(spec: Document, stored: Document | None, now: str) -> ContainerRecord:
    """What a kubelet knows of a container of an earlier kubelet: a running one is lost, an ended one has ended."""
    record = ContainerRecord(name=spec["name"], image=spec.get("image", ""))
    if not stored:
        return record
    state, last = stored.get("state") or {}, (stored.get("lastState") or {}).get("terminated")
    record = replace(record, restarts=stored.get("restartCount", 0), last=_terminated(last) if last else None)
    if "running" in state:
        return replace(record, state=replace(LOST, started_at=state["running"].get("startedAt", now), finished_at=now))
    if "terminated" in state:
        return replace(record, state=_terminated(state["terminated"]))
    return record


def _terminated(stored: Document) -> Terminated:
    return Terminated(
        exit_code=stored["exitCode"],
        reason=stored.get("reason", ""),
        started_at=stored.get("startedAt", ""),
        finished_at=stored.get("finishedAt", ""),
        message=stored.get("message", ""),
    )


def restarted(record: ContainerRecord, waiting: Waiting) -> ContainerRecord:
    """`record` once its end has become history and it waits to be started for one more time."""
    last = record.state if isinstance(record.state, Terminated) else record.last
    return replace(record, state=waiting, last=last, restarts=record.restarts + 1, ready=False, started=False)
