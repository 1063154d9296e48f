"""What pods belong to, and what their loss takes from it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from actions.fault import Affected
from actions.selection.gangs import Gang, gang_of
from actions.selection.pod import Owner, Pod, controller_of
from clients.kube import PODS, WORKLOADS, Document, Kube, NotFoundError


@dataclass(slots=True)
class Workloads:
    """The controllers of pods, each read once."""

    kube: Kube
    _read: dict[tuple[str, Owner], Document | None] = field(default_factory=dict)

    def document(self, namespace: str, owner: Owner) -> Document | None:
        """A controller of a kind that Kubernetes itself has; None for others, and for one that is gone."""
        resource = WORKLOADS.get(owner.kind)
        if resource is None or resource.group != owner.group:
            return None
        key = (namespace, owner)
        if key not in self._read:
            try:
                read: Document | None = self.kube.workload(owner.kind, namespace, owner.name)
            except NotFoundError:
                read = None
            self._read[key] = read if read and read["metadata"]["uid"] == owner.uid else None
        return self._read[key]

    def chain(self, pod: Pod) -> list[Owner]:
        """The controller of a pod, that one's controller, and so on upwards as far as can be read."""
        found: list[Owner] = []
        owner = pod.owner
        while owner is not None and owner not in found:
            found.append(owner)
            document = self.document(pod.namespace, owner)
            owner = controller_of(document["metadata"]) if document else None
        return found

    def top(self, pod: Pod) -> Owner | None:
        """What a person calls the pod's workload: its Deployment rather than the ReplicaSet."""
        chain = self.chain(pod)
        known = [owner for owner in chain if self.document(pod.namespace, owner) is not None]
        return known[-1] if known else (chain[0] if chain else None)

    def gang(self, pod: Pod) -> Gang | None:
        """The gang of a pod, by its labels or because it is of an indexed Job that runs several at a time."""
        gang = gang_of(pod)
        if gang is not None and gang.kind != "podgroup":
            return gang
        top = self.top(pod)
        if gang is not None:
            return Gang(top.kind.lower(), top.name, gang.labels) if top else gang
        for owner in self.chain(pod):
            job = self.document(pod.namespace, owner) if owner.kind == "Job" else None
            spec = (job or {}).get("spec") or {}
            if spec.get("completionMode") == "Indexed" and int(spec.get("parallelism") or 1) > 1:
                return Gang("job", owner.name, (("batch.kubernetes.io/controller-uid", owner.uid),))
        return None


def affected_by(kube: Kube, pods: Sequence[Pod]) -> tuple[Affected, ...]:
    """What each workload loses when these pods are gone or useless; all of a gang when it is one of its pods."""
    workloads = Workloads(kube)
    gangs: dict[tuple[str, Gang], None] = {}
    others: dict[tuple[str, str], list[Pod]] = {}
    for pod in pods:
        gang = workloads.gang(pod)
        if gang is not None:
            gangs[pod.namespace, gang] = None
        else:
            others.setdefault((pod.namespace, workload_of(workloads, pod)), []).append(pod)
    return (
        *(_gang_lost(kube, namespace, gang) for namespace, gang in gangs),
        *(_some_lost(workloads, workload, lost) for (_, workload), lost in others.items()),
    )


def locks_of(affected: Sequence[Affected]) -> tuple[str, ...]:
    """What no other run may touch while these workloads lack pods."""
    return tuple(sorted({f"workload:{one.namespace}/{one.workload}" for one in affected}))


def workload_of(workloads: Workloads, pod: Pod) -> str:
    """The workload of a pod, such as `deployment/llm`; the pod itself where nothing controls it."""
    top = workloads.top(pod)
    return f"{top.kind.lower()}/{top.name}" if top else f"pod/{pod.name}"


def pods_on(kube: Kube, node: str) -> list[Pod]:
    """The pods on a node that have not ended, in full."""
    documents = kube.find(PODS, fields=f"spec.nodeName={node}")
    return [pod for pod in map(Pod.from_document, documents) if not pod.finished]


def _gang_lost(kube: Kube, namespace: str, gang: Gang) -> Affected:
    members = [Pod.from_document(document) for document in kube.find(PODS, namespace, gang.selector)]
    present = [pod for pod in members if not pod.finished and not pod.terminating]
    ready = tuple(sorted(pod.name for pod in present if pod.ready))
    return Affected(
        workload=f"{gang.kind}/{gang.name}",
        namespace=namespace,
        ready=len(ready),
        pods=ready,
        gang=True,
        gpus=sum(pod.gpus for pod in present),
    )


def _some_lost(workloads: Workloads, workload: str, lost: Sequence[Pod]) -> Affected:
    return Affected(
        workload=workload,
        namespace=lost[0].namespace,
        ready=_ready(workloads, lost),
        pods=tuple(sorted(pod.name for pod in lost)),
        gpus=sum(pod.gpus for pod in lost),
    )


def _ready(workloads: Workloads, lost: Sequence[Pod]) -> int:
    """The ready pods of the workload of these: its status counts them, so none has to be listed."""
    pod = lost[0]
    top = workloads.top(pod)
    if top is None:
        return sum(one.ready for one in lost)
    document = workloads.document(pod.namespace, top)
    if document is None:
        return _ready_by_owner(workloads.kube, pod.namespace, top)
    status = document.get("status") or {}
    counted = (status.get(key) for key in ("readyReplicas", "numberReady", "ready"))
    return next((int(number) for number in counted if number is not None), 0)


def _ready_by_owner(kube: Kube, namespace: str, owner: Owner) -> int:
    """The ready pods of a controller whose own status cannot be read."""
    return sum(
        pod.owner == owner and pod.healthy
        for page in kube.pages(PODS, namespace, fields="status.phase=Running")
        for pod in map(Pod.from_document, page)
    )
