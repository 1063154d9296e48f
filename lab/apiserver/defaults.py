"""What the server fills in: defaults of the built-in kinds, as functions that change a document."""

import base64
from collections.abc import Callable
from typing import Any

from lab.apiserver.errors import Document
from lab.apiserver.kinds import Key, Kind
from lab.apiserver.quality import quality_of_service

NOT_READY = "node.kubernetes.io/not-ready"
UNREACHABLE = "node.kubernetes.io/unreachable"


def apply_defaults(kind: Kind, document: Document) -> None:
    """Fill in what `document` leaves out; called for every new and changed object."""
    if hook := _HOOKS.get(kind.key):
        hook(document)


def apply_creation_defaults(kind: Kind, document: Document, toleration_seconds: int) -> None:
    """What is filled in once, when an object is made; `toleration_seconds` is how long a pod stays on a lost node."""
    if kind.key == ("", "pods"):
        _tolerate_lost_nodes(document["spec"], toleration_seconds)
        document["status"] = {"phase": "Pending", "qosClass": quality_of_service(document["spec"])}
    elif initial := _INITIAL_STATUS.get(kind.key):
        document["status"] = initial()
    elif kind.custom:
        if kind.status:
            document.pop("status", None)
    elif kind.status and kind.key != ("", "nodes"):
        # A node registers itself with the status that its kubelet knows.
        document["status"] = {}
    if kind.key == ("batch", "jobs"):
        _label_job_pods(document)


def _defaulted(target: Document, **defaults: Any) -> None:
    for name, value in defaults.items():
        if target.get(name) is None:
            target[name] = value


def _pod(document: Document) -> None:
    _pod_spec(document["spec"])


def _pod_spec(spec: Document) -> None:
    _defaulted(
        spec,
        restartPolicy="Always",
        terminationGracePeriodSeconds=30,
        dnsPolicy="ClusterFirst",
        serviceAccountName=spec.get("serviceAccount") or "default",
        securityContext={},
        schedulerName="default-scheduler",
        enableServiceLinks=True,
    )
    spec["serviceAccount"] = spec["serviceAccountName"]
    for container in [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]:
        _container(container)
    for volume in spec.get("volumes") or []:
        for source in ("secret", "configMap", "downwardAPI", "projected"):
            if isinstance(volume.get(source), dict):
                _defaulted(volume[source], defaultMode=420)


def _container(container: Document) -> None:
    _defaulted(
        container,
        resources={},
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
        imagePullPolicy="IfNotPresent",
    )
    limits = container["resources"].get("limits")
    if limits:
        container["resources"]["requests"] = {**limits, **(container["resources"].get("requests") or {})}
    for port in container.get("ports") or []:
        _defaulted(port, protocol="TCP")
    for variable in container.get("env") or []:
        reference = (variable.get("valueFrom") or {}).get("fieldRef")
        if reference:
            _defaulted(reference, apiVersion="v1")
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if probe := container.get(name):
            _defaulted(probe, timeoutSeconds=1, periodSeconds=10, successThreshold=1, failureThreshold=3)
            if request := probe.get("httpGet"):
                _defaulted(request, path="/", scheme="HTTP")


def _tolerate_lost_nodes(spec: Document, seconds: int) -> None:
    tolerations = spec.setdefault("tolerations", []) or []
    for taint in (NOT_READY, UNREACHABLE):
        if not any(_tolerates(toleration, taint) for toleration in tolerations):
            tolerations.append(
                {"key": taint, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": seconds}
            )
    spec["tolerations"] = tolerations


def _tolerates(toleration: Document, taint: str) -> bool:
    return toleration.get("effect") in (None, "", "NoExecute") and toleration.get("key") in (None, "", taint)


def _template(document: Document) -> Document:
    spec: Document = document["spec"]
    template = spec.get("template")
    if isinstance(template, dict):
        template.setdefault("metadata", {})
        if isinstance(template.get("spec"), dict):
            _pod_spec(template["spec"])
    return spec


def _deployment(document: Document) -> None:
    spec = _template(document)
    _defaulted(spec, replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600, strategy={})
    _defaulted(spec["strategy"], type="RollingUpdate")
    if spec["strategy"]["type"] == "RollingUpdate":
        _defaulted(spec["strategy"], rollingUpdate={})
        _defaulted(spec["strategy"]["rollingUpdate"], maxSurge="25%", maxUnavailable="25%")


def _replica_set(document: Document) -> None:
    _defaulted(_template(document), replicas=1)


def _stateful_set(document: Document) -> None:
    spec = _template(document)
    _defaulted(spec, replicas=1, podManagementPolicy="OrderedReady", revisionHistoryLimit=10, updateStrategy={})
    _defaulted(spec["updateStrategy"], type="RollingUpdate")


def _daemon_set(document: Document) -> None:
    spec = _template(document)
    _defaulted(spec, revisionHistoryLimit=10, updateStrategy={})
    _defaulted(spec["updateStrategy"], type="RollingUpdate")
    if spec["updateStrategy"]["type"] == "RollingUpdate":
        _defaulted(spec["updateStrategy"], rollingUpdate={})
        _defaulted(spec["updateStrategy"]["rollingUpdate"], maxUnavailable=1, maxSurge=0)


def _job(document: Document) -> None:
    spec = _template(document)
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = 1
    _defaulted(spec, parallelism=1, backoffLimit=6, completionMode="NonIndexed", suspend=False)


def _cron_job(document: Document) -> None:
    spec = document["spec"]
    _defaulted(spec, concurrencyPolicy="Allow", suspend=False, successfulJobsHistoryLimit=3, failedJobsHistoryLimit=1)
    if isinstance((spec.get("jobTemplate") or {}).get("spec"), dict):
        _template(spec["jobTemplate"])


def _label_job_pods(document: Document) -> None:
    """Give a Job the selector and pod labels by which it knows its pods."""
    spec, metadata = document["spec"], document["metadata"]
    if spec.get("manualSelector"):
        return
    identity = {"batch.kubernetes.io/controller-uid": metadata["uid"]}
    labels = spec["template"]["metadata"].setdefault("labels", {})
    labels.update(
        {
            **identity,
            "batch.kubernetes.io/job-name": metadata["name"],
            "controller-uid": metadata["uid"],
            "job-name": metadata["name"],
        }
    )
    spec["selector"] = {"matchLabels": identity}


def _service(document: Document) -> None:
    spec = document["spec"]
    _defaulted(spec, type="ClusterIP", sessionAffinity="None")
    if spec["type"] != "ExternalName":
        _defaulted(spec, internalTrafficPolicy="Cluster", ipFamilies=["IPv4"], ipFamilyPolicy="SingleStack")
    for port in spec.get("ports") or []:
        _defaulted(port, protocol="TCP")
        _defaulted(port, targetPort=port.get("port"))


def _secret(document: Document) -> None:
    _defaulted(document, type="Opaque")
    plain = document.pop("stringData", None) or {}
    encoded = {name: base64.b64encode(str(value).encode()).decode() for name, value in plain.items()}
    if encoded:
        document["data"] = {**(document.get("data") or {}), **encoded}


def _namespace(document: Document) -> None:
    document.setdefault("spec", {}).setdefault("finalizers", ["kubernetes"])
    labels = document["metadata"].get("labels") or {}
    document["metadata"]["labels"] = {**labels, "kubernetes.io/metadata.name": document["metadata"]["name"]}


def _custom_resource_definition(document: Document) -> None:
    names = document["spec"]["names"]
    _defaulted(names, singular=names["kind"].lower(), listKind=f"{names['kind']}List")
    _defaulted(document["spec"], conversion={"strategy": "None"})


def _endpoint_slice(document: Document) -> None:
    for port in document.get("ports") or []:
        _defaulted(port, name="", protocol="TCP")


def _empty_spec(document: Document) -> None:
    document.setdefault("spec", {})


_HOOKS: dict[Key, Callable[[Document], None]] = {
    ("", "pods"): _pod,
    ("", "services"): _service,
    ("", "secrets"): _secret,
    ("", "namespaces"): _namespace,
    ("", "nodes"): _empty_spec,
    ("apps", "deployments"): _deployment,
    ("apps", "replicasets"): _replica_set,
    ("apps", "statefulsets"): _stateful_set,
    ("apps", "daemonsets"): _daemon_set,
    ("batch", "jobs"): _job,
    ("batch", "cronjobs"): _cron_job,
    ("discovery.k8s.io", "endpointslices"): _endpoint_slice,
    ("networking.k8s.io", "networkpolicies"): _empty_spec,
    ("apiextensions.k8s.io", "customresourcedefinitions"): _custom_resource_definition,
}

_INITIAL_STATUS: dict[Key, Callable[[], Document]] = {
    ("", "namespaces"): lambda: {"phase": "Active"},
    ("", "services"): lambda: {"loadBalancer": {}},
    ("apps", "replicasets"): lambda: {"replicas": 0},
    ("apps", "statefulsets"): lambda: {"replicas": 0, "availableReplicas": 0},
    ("apps", "daemonsets"): lambda: {
        "currentNumberScheduled": 0,
        "desiredNumberScheduled": 0,
        "numberMisscheduled": 0,
        "numberReady": 0,
    },
    ("policy", "poddisruptionbudgets"): lambda: {
        "currentHealthy": 0,
        "desiredHealthy": 0,
        "disruptionsAllowed": 0,
        "expectedPods": 0,
    },
}
