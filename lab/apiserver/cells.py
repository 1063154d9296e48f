"""The cells of a row: what a table says of one object."""

from typing import Any

from lab.apiserver.durations import age, between
from lab.apiserver.errors import Document
from lab.apiserver.pod_summary import pod_reason, ready_containers, restarts

Cells = list[Any]


def name(document: Document) -> str:
    return str(document["metadata"]["name"])


def age_of(document: Document) -> str:
    return age(document["metadata"].get("creationTimestamp"))


def part(document: Document, name: str) -> Document:
    return document.get(name) or {}


def selector(selector: Document | None) -> str:
    pairs = (selector or {}).get("matchLabels", selector) or {}
    return ",".join(f"{key}={value}" for key, value in pairs.items() if isinstance(value, str)) or "<none>"


def containers(document: Document) -> tuple[str, str]:
    spec = part(part(part(document, "spec"), "template"), "spec")
    containers = spec.get("containers") or []
    return ",".join(it.get("name", "") for it in containers), ",".join(it.get("image", "") for it in containers)


def pod(document: Document) -> Cells:
    spec, status = document["spec"], part(document, "status")
    ready, total = ready_containers(document)
    gates = spec.get("readinessGates") or []
    return [
        name(document),
        f"{ready}/{total}",
        pod_reason(document),
        restarts(document),
        age_of(document),
        status.get("podIP") or "<none>",
        spec.get("nodeName") or "<none>",
        status.get("nominatedNodeName") or "<none>",
        f"0/{len(gates)}" if gates else "<none>",
    ]


def node(document: Document) -> Cells:
    status, spec = part(document, "status"), part(document, "spec")
    info = part(status, "nodeInfo")
    prefix = "node-role.kubernetes.io/"
    labels = document["metadata"].get("labels") or {}
    roles = sorted(key.removeprefix(prefix) for key in labels if key.startswith(prefix))
    return [
        name(document),
        _node_status(spec, status),
        ",".join(roles) or "<none>",
        age_of(document),
        info.get("kubeletVersion", ""),
        _address(status, "InternalIP"),
        _address(status, "ExternalIP"),
        info.get("osImage") or "<unknown>",
        info.get("kernelVersion") or "<unknown>",
        info.get("containerRuntimeVersion") or "<unknown>",
    ]


def _node_status(spec: Document, status: Document) -> str:
    ready = next((it for it in status.get("conditions") or [] if it["type"] == "Ready"), None)
    word = "Unknown" if ready is None else "Ready" if ready["status"] == "True" else "NotReady"
    return word + (",SchedulingDisabled" if spec.get("unschedulable") else "")


def _address(status: Document, kind: str) -> str:
    return next((it["address"] for it in status.get("addresses") or [] if it["type"] == kind), "<none>")


def deployment(document: Document) -> Cells:
    spec, status = document["spec"], part(document, "status")
    return [
        name(document),
        f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 0)}",
        status.get("updatedReplicas", 0),
        status.get("availableReplicas", 0),
        age_of(document),
        *containers(document),
        selector(spec.get("selector")),
    ]


def replica_set(document: Document) -> Cells:
    spec, status = document["spec"], part(document, "status")
    return [
        name(document),
        spec.get("replicas", 0),
        status.get("replicas", 0),
        status.get("readyReplicas", 0),
        age_of(document),
        *containers(document),
        selector(spec.get("selector")),
    ]


def stateful_set(document: Document) -> Cells:
    ready = f"{part(document, 'status').get('readyReplicas', 0)}/{document['spec'].get('replicas', 0)}"
    return [name(document), ready, age_of(document), *containers(document)]


def daemon_set(document: Document) -> Cells:
    spec, status = document["spec"], part(document, "status")
    node_selector = part(part(part(spec, "template"), "spec"), "nodeSelector")
    counts = (
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "numberReady",
        "updatedNumberScheduled",
        "numberAvailable",
    )
    return [
        name(document),
        *(status.get(name, 0) for name in counts),
        selector(node_selector),
        age_of(document),
        *containers(document),
        selector(spec.get("selector")),
    ]


def job(document: Document) -> Cells:
    spec, status = document["spec"], part(document, "status")
    conditions = {it["type"] for it in status.get("conditions") or [] if it["status"] == "True"}
    word = next((it for it in ("Complete", "Failed", "Suspended") if it in conditions), "Running")
    if document["metadata"].get("deletionTimestamp") and word == "Running":
        word = "Terminating"
    wanted = spec.get("completions") or f"1 of {spec.get('parallelism', 1)}"
    start = status.get("startTime")
    return [
        name(document),
        word,
        f"{status.get('succeeded', 0)}/{wanted}",
        between(start, status.get("completionTime")) if start else "",
        age_of(document),
        *containers(document),
        selector(spec.get("selector")),
    ]


def service(document: Document) -> Cells:
    spec = document["spec"]
    ports = [
        ":".join(str(it[name]) for name in ("port", "nodePort") if it.get(name)) + f"/{it.get('protocol', 'TCP')}"
        for it in spec.get("ports") or []
    ]
    return [
        name(document),
        spec.get("type", "ClusterIP"),
        spec.get("clusterIP") or "<none>",
        spec.get("externalName") or ",".join(spec.get("externalIPs") or []) or "<none>",
        ",".join(ports) or "<none>",
        age_of(document),
        selector(spec.get("selector")),
    ]


def event(document: Document) -> Cells:
    about, source = part(document, "involvedObject"), part(document, "source")
    last = document.get("lastTimestamp") or document.get("eventTime") or document["metadata"].get("creationTimestamp")
    first = document.get("firstTimestamp") or document.get("eventTime") or last
    return [
        age(last),
        document.get("type", ""),
        document.get("reason", ""),
        f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}",
        about.get("fieldPath", ""),
        ", ".join(filter(None, (source.get("component") or document.get("reportingComponent"), source.get("host")))),
        str(document.get("message", "")).strip(),
        age(first),
        str(document.get("count") or 1),
        name(document),
    ]


def endpoints(document: Document) -> Cells:
    shown = [
        f"{address['ip']}:{port['port']}"
        for subset in document.get("subsets") or []
        for port in subset.get("ports") or []
        for address in subset.get("addresses") or []
    ]
    more = f" + {len(shown) - 3} more..." if len(shown) > 3 else ""
    return [name(document), ",".join(shown[:3]) + more or "<none>", age_of(document)]


def endpoint_slice(document: Document) -> Cells:
    ports = ",".join(str(it.get("port")) for it in document.get("ports") or []) or "<unset>"
    addresses = [address for it in document.get("endpoints") or [] for address in it.get("addresses") or []]
    more = f" + {len(addresses) - 3} more..." if len(addresses) > 3 else ""
    return [
        name(document),
        document.get("addressType", ""),
        ports,
        ",".join(addresses[:3]) + more or "<unset>",
        age_of(document),
    ]


def disruption_budget(document: Document) -> Cells:
    spec, status = part(document, "spec"), part(document, "status")
    allowed = status.get("disruptionsAllowed", 0)
    bounds = [str(spec[it]) if spec.get(it) is not None else "N/A" for it in ("minAvailable", "maxUnavailable")]
    return [name(document), *bounds, allowed, age_of(document)]


def data_count(document: Document) -> int:
    return len(part(document, "data")) + len(part(document, "binaryData"))
