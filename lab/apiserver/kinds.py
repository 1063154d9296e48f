"""The kinds that the server knows: the built-in ones, and those that CustomResourceDefinitions add."""

from collections.abc import Iterable
from dataclasses import dataclass

from lab.apiserver.errors import Document

Key = tuple[str, str]
"""(group, plural): where a kind's objects are kept."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object. `versions` are those it is served in, the stored one first."""

    group: str
    plural: str
    name: str
    namespaced: bool = True
    versions: tuple[str, ...] = ("v1",)
    short_names: tuple[str, ...] = ()
    status: bool = False
    generation: bool = False
    scale: bool = False
    categories: tuple[str, ...] = ()
    subresources: tuple[tuple[str, str, str], ...] = ()
    """Further subresources: (name, kind, group/version of the kind)."""
    custom: bool = False
    singular: str = ""
    list_name: str = ""

    @property
    def key(self) -> Key:
        return self.group, self.plural

    @property
    def api_version(self) -> str:
        return group_version(self.group, self.versions[0])

    @property
    def list_kind(self) -> str:
        return self.list_name or f"{self.name}List"


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind in the group and version that a request asked for it in."""

    kind: Kind
    group: str
    version: str

    @property
    def api_version(self) -> str:
        return group_version(self.group, self.version)

    @property
    def is_stored_version(self) -> bool:
        return self.api_version == self.kind.api_version


def group_version(group: str, version: str) -> str:
    return f"{group}/{version}" if group else version


def _workload(group: str, plural: str, name: str, *short: str, scale: bool = False) -> Kind:
    return Kind(group, plural, name, short_names=short, status=True, generation=True, scale=scale, categories=("all",))


POD = Kind(
    "",
    "pods",
    "Pod",
    short_names=("po",),
    status=True,
    categories=("all",),
    subresources=(
        ("binding", "Binding", "v1"),
        ("eviction", "Eviction", "policy/v1"),
        ("exec", "PodExecOptions", "v1"),
        ("log", "Pod", "v1"),
    ),
)
NAMESPACE = Kind(
    "",
    "namespaces",
    "Namespace",
    namespaced=False,
    short_names=("ns",),
    status=True,
    subresources=(("finalize", "Namespace", "v1"),),
)
SERVICE = Kind("", "services", "Service", short_names=("svc",), status=True, categories=("all",))
NODE = Kind("", "nodes", "Node", namespaced=False, short_names=("no",), status=True)
JOB = _workload("batch", "jobs", "Job")
EVENT = Kind("", "events", "Event", short_names=("ev",))
SERVICE_ACCOUNT = Kind(
    "",
    "serviceaccounts",
    "ServiceAccount",
    short_names=("sa",),
    subresources=(("token", "TokenRequest", "authentication.k8s.io/v1"),),
)
ROLE = Kind("rbac.authorization.k8s.io", "roles", "Role")
ROLE_BINDING = Kind("rbac.authorization.k8s.io", "rolebindings", "RoleBinding")
CLUSTER_ROLE = Kind("rbac.authorization.k8s.io", "clusterroles", "ClusterRole", namespaced=False)
CLUSTER_ROLE_BINDING = Kind("rbac.authorization.k8s.io", "clusterrolebindings", "ClusterRoleBinding", namespaced=False)
DISRUPTION_BUDGET = Kind(
    "policy",
    "poddisruptionbudgets",
    "PodDisruptionBudget",
    versions=("v1", "v1beta1"),
    short_names=("pdb",),
    status=True,
    generation=True,
)
CUSTOM_RESOURCE_DEFINITION = Kind(
    "apiextensions.k8s.io",
    "customresourcedefinitions",
    "CustomResourceDefinition",
    namespaced=False,
    short_names=("crd", "crds"),
    status=True,
    generation=True,
    categories=("api-extensions",),
)

BUILT_IN = (
    POD,
    NAMESPACE,
    SERVICE,
    NODE,
    EVENT,
    SERVICE_ACCOUNT,
    DISRUPTION_BUDGET,
    CUSTOM_RESOURCE_DEFINITION,
    Kind("", "configmaps", "ConfigMap", short_names=("cm",)),
    Kind("", "secrets", "Secret"),
    Kind("", "endpoints", "Endpoints", short_names=("ep",), singular="endpoints"),
    Kind("", "limitranges", "LimitRange", short_names=("limits",)),
    Kind("", "resourcequotas", "ResourceQuota", short_names=("quota",), status=True),
    Kind("", "persistentvolumeclaims", "PersistentVolumeClaim", short_names=("pvc",), status=True),
    Kind("", "persistentvolumes", "PersistentVolume", namespaced=False, short_names=("pv",), status=True),
    Kind("", "replicationcontrollers", "ReplicationController", short_names=("rc",), status=True, generation=True),
    _workload("apps", "deployments", "Deployment", "deploy", scale=True),
    _workload("apps", "replicasets", "ReplicaSet", "rs", scale=True),
    _workload("apps", "statefulsets", "StatefulSet", "sts", scale=True),
    _workload("apps", "daemonsets", "DaemonSet", "ds"),
    Kind("apps", "controllerrevisions", "ControllerRevision"),
    JOB,
    _workload("batch", "cronjobs", "CronJob", "cj"),
    Kind("coordination.k8s.io", "leases", "Lease"),
    Kind("discovery.k8s.io", "endpointslices", "EndpointSlice"),
    Kind("networking.k8s.io", "networkpolicies", "NetworkPolicy", short_names=("netpol",), generation=True),
    Kind("networking.k8s.io", "ingresses", "Ingress", short_names=("ing",), status=True, generation=True),
    Kind("networking.k8s.io", "ingressclasses", "IngressClass", namespaced=False),
    ROLE,
    ROLE_BINDING,
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
    Kind("scheduling.k8s.io", "priorityclasses", "PriorityClass", namespaced=False, short_names=("pc",)),
    Kind("storage.k8s.io", "storageclasses", "StorageClass", namespaced=False, short_names=("sc",)),
    Kind("storage.k8s.io", "csinodes", "CSINode", namespaced=False),
    Kind("storage.k8s.io", "csidrivers", "CSIDriver", namespaced=False),
    Kind("storage.k8s.io", "volumeattachments", "VolumeAttachment", namespaced=False, status=True),
)

REVIEWS = {
    ("authorization.k8s.io", "v1", "selfsubjectaccessreviews"): "SelfSubjectAccessReview",
    ("authorization.k8s.io", "v1", "selfsubjectrulesreviews"): "SelfSubjectRulesReview",
    ("authorization.k8s.io", "v1", "subjectaccessreviews"): "SubjectAccessReview",
    ("authentication.k8s.io", "v1", "tokenreviews"): "TokenReview",
    ("authentication.k8s.io", "v1", "selfsubjectreviews"): "SelfSubjectReview",
}


class Registry:
    """Which resources are served, by (group, version, plural)."""

    def __init__(self, kinds: Iterable[Kind] = BUILT_IN) -> None:
        self._resources: dict[tuple[str, str, str], Resource] = {}
        for kind in kinds:
            self.add(kind)
        # Events are served by a group of their own too, in that group's words (see versions.py).
        self._resources["events.k8s.io", "v1", "events"] = Resource(EVENT, "events.k8s.io", "v1")

    def add(self, kind: Kind) -> None:
        for version in kind.versions:
            self._resources[kind.group, version, kind.plural] = Resource(kind, kind.group, version)

    def remove(self, key: Key) -> None:
        self._resources = {name: it for name, it in self._resources.items() if it.kind.key != key or not it.kind.custom}

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        return self._resources.get((group, version, plural))

    def stored(self, kind: Kind) -> Resource:
        """The resource of `kind` in the version that it is stored in."""
        return self._resources[kind.group, kind.versions[0], kind.plural]

    def kinds(self) -> list[Kind]:
        """Every kind once."""
        return list({resource.kind.key: resource.kind for resource in self._resources.values()}.values())

    def groups(self) -> dict[str, list[str]]:
        """The versions of every named group, the preferred one first."""
        found: dict[str, list[str]] = {}
        for group, version, _ in [*self._resources, *REVIEWS]:
            if group and version not in found.setdefault(group, []):
                found[group].append(version)
        return found

    def resources(self, group: str, version: str) -> list[Resource]:
        return [
            it
            for (its_group, its_version, _), it in self._resources.items()
            if (its_group, its_version) == (group, version)
        ]


def custom_kind(definition: Document) -> Kind:
    """The kind that a valid CustomResourceDefinition describes."""
    spec = definition["spec"]
    names = spec["names"]
    versions = sorted((it for it in spec["versions"] if it.get("served", True)), key=lambda it: not it.get("storage"))
    return Kind(
        group=spec["group"],
        plural=names["plural"],
        name=names["kind"],
        namespaced=spec["scope"] == "Namespaced",
        versions=tuple(it["name"] for it in versions),
        short_names=tuple(names.get("shortNames", ())),
        status=any("status" in (it.get("subresources") or {}) for it in versions),
        generation=True,
        categories=tuple(names.get("categories", ())),
        custom=True,
        singular=names.get("singular", ""),
        list_name=names.get("listKind", ""),
    )
