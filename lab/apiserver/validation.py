"""What the server refuses: rules of the built-in kinds, each a function that yields what is wrong."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from lab.apiserver.errors import Cause, Document
from lab.apiserver.kinds import Key, Kind
from lab.apiserver.selectors import label_selector

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_SERVICE_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
_PATH_SEGMENT = re.compile(r"(?!\.{1,2}$)[^/%]+")
_LABEL_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_DATA_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")

_POD_FIELDS_THAT_MAY_CHANGE = (
    "activeDeadlineSeconds",
    "tolerations",
    "terminationGracePeriodSeconds",
    "schedulingGates",
)


def required(field: str, message: str = "Required value") -> Cause:
    return Cause(field, message, "FieldValueRequired")


def immutable(field: str, value: Any) -> Cause:
    return Cause(field, f"Invalid value: {value!r}: field is immutable")


def invalid_value(field: str, value: Any, why: str) -> Cause:
    return Cause(field, f"Invalid value: {value!r}: {why}")


def creation_errors(kind: Kind, document: Document) -> list[Cause]:
    """Everything that is wrong with a new object (its defaults filled in)."""
    return [*_name_errors(kind, document["metadata"]["name"]), *_errors(kind, document)]


def update_errors(kind: Kind, old: Document, new: Document) -> list[Cause]:
    """Everything that is wrong with `new` as the successor of `old`."""
    errors = _errors(kind, new)
    if hook := _UPDATES.get(kind.key):
        errors += hook(old, new)
    return errors


def _errors(kind: Kind, document: Document) -> list[Cause]:
    errors = list(_metadata_errors(document["metadata"]))
    if hook := _RULES.get(kind.key):
        errors += hook(document)
    return errors


def _name_errors(kind: Kind, name: str) -> Iterator[Cause]:
    if kind.group == "rbac.authorization.k8s.io":
        pattern, rule = _PATH_SEGMENT, "may not contain '/' or '%', nor be '.' or '..'"
    elif kind.key == ("", "services"):
        pattern, rule = (
            _SERVICE_NAME,
            "must be a DNS-1035 label: lower case letters, digits and '-', beginning with a letter",
        )
    elif kind.key == ("", "namespaces"):
        pattern, rule = _LABEL, "must be an RFC 1123 label: at most 63 lower case letters, digits and '-'"
    else:
        pattern, rule = _SUBDOMAIN, "must be an RFC 1123 subdomain: lower case letters, digits, '-' and '.'"
    if not pattern.fullmatch(name) or len(name) > 253:
        yield invalid_value("metadata.name", name, rule)


def _metadata_errors(metadata: Document) -> Iterator[Cause]:
    yield from _label_errors("metadata.labels", metadata.get("labels"))
    for key, value in (metadata.get("annotations") or {}).items():
        if not isinstance(value, str):
            yield invalid_value(f"metadata.annotations[{key}]", value, "must be a string")
    for finalizer in metadata.get("finalizers") or []:
        if not _LABEL_KEY.fullmatch(finalizer):
            yield invalid_value("metadata.finalizers", finalizer, "must be a qualified name")
    for index, owner in enumerate(metadata.get("ownerReferences") or []):
        for name in ("apiVersion", "kind", "name", "uid"):
            if not owner.get(name):
                yield required(f"metadata.ownerReferences[{index}].{name}")


def _label_errors(field: str, labels: Document | None) -> Iterator[Cause]:
    for key, value in (labels or {}).items():
        if not _LABEL_KEY.fullmatch(key):
            yield invalid_value(field, key, "a label's name must consist of letters, digits, '-', '_' or '.'")
        if not isinstance(value, str) or not _LABEL_VALUE.fullmatch(value):
            rule = "a label's value must be at most 63 letters, digits, '-', '_' or '.' between letters or digits"
            yield invalid_value(field, value, rule)


def _pod(document: Document) -> Iterator[Cause]:
    yield from _pod_spec("spec", document["spec"], ("Always", "OnFailure", "Never"))


def _pod_spec(field: str, spec: Document, restart_policies: tuple[str, ...]) -> Iterator[Cause]:
    if not spec.get("containers"):
        yield required(f"{field}.containers")
    if spec["restartPolicy"] not in restart_policies:
        supported = ", ".join(f'"{policy}"' for policy in restart_policies)
        message = f'Unsupported value: "{spec["restartPolicy"]}": supported values: {supported}'
        yield Cause(f"{field}.restartPolicy", message, "FieldValueNotSupported")
    if spec["terminationGracePeriodSeconds"] < 0:
        seconds = spec["terminationGracePeriodSeconds"]
        yield invalid_value(f"{field}.terminationGracePeriodSeconds", seconds, "must be greater than or equal to 0")
    volumes = {volume.get("name") for volume in spec.get("volumes") or []}
    seen: set[str] = set()
    for list_name in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(list_name) or []):
            yield from _container(f"{field}.{list_name}[{index}]", container, seen, volumes)


def _container(field: str, container: Document, seen: set[str], volumes: set[str]) -> Iterator[Cause]:
    name = container.get("name")
    if not name:
        yield required(f"{field}.name")
    elif not _LABEL.fullmatch(name):
        yield invalid_value(f"{field}.name", name, "must be an RFC 1123 label")
    elif name in seen:
        yield Cause(f"{field}.name", f'Duplicate value: "{name}"', "FieldValueDuplicate")
    seen.add(name or "")
    if not container.get("image"):
        yield required(f"{field}.image")
    for index, variable in enumerate(container.get("env") or []):
        if not variable.get("name"):
            yield required(f"{field}.env[{index}].name")
        elif not isinstance(variable.get("value", ""), str):
            yield invalid_value(f"{field}.env[{index}].value", variable["value"], "must be a string")
    for index, mount in enumerate(container.get("volumeMounts") or []):
        if mount.get("name") not in volumes:
            message = f'Not found: "{mount.get("name")}"'
            yield Cause(f"{field}.volumeMounts[{index}].name", message, "FieldValueNotFound")


def _selecting(*restart_policies: str) -> Callable[[Document], Iterator[Cause]]:
    """The rules of a kind that has a pod template and selects the pods made from it."""

    def rules(document: Document) -> Iterator[Cause]:
        spec = document["spec"]
        if spec.get("replicas", 0) < 0:
            yield invalid_value("spec.replicas", spec["replicas"], "must be greater than or equal to 0")
        yield from _template(spec, restart_policies)
        selector = spec.get("selector")
        if not selector or not (selector.get("matchLabels") or selector.get("matchExpressions")):
            yield required("spec.selector")
            return
        test = label_selector(selector)
        labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}
        if test and not test(labels):
            why = "`selector` does not match template `labels`"
            yield invalid_value("spec.template.metadata.labels", labels, why)

    return rules


def _template(spec: Document, restart_policies: tuple[str, ...]) -> Iterator[Cause]:
    template = spec.get("template")
    if not template or not template.get("spec"):
        yield required("spec.template.spec")
        return
    yield from _label_errors("spec.template.metadata.labels", (template.get("metadata") or {}).get("labels"))
    yield from _pod_spec("spec.template.spec", template["spec"], restart_policies)


def _job(document: Document) -> Iterator[Cause]:
    spec = document["spec"]
    yield from _template(spec, ("OnFailure", "Never"))
    if spec["completionMode"] == "Indexed" and spec.get("completions") is None:
        yield required("spec.completions", "Required value: when completion mode is Indexed")


def _service(document: Document) -> Iterator[Cause]:
    spec = document["spec"]
    headless_or_external = spec.get("clusterIP") == "None" or spec["type"] == "ExternalName"
    if not spec.get("ports") and not headless_or_external:
        yield required("spec.ports")
    for index, port in enumerate(spec.get("ports") or []):
        number = port.get("port")
        if not isinstance(number, int) or not 0 < number < 65536:
            yield invalid_value(f"spec.ports[{index}].port", number, "must be between 1 and 65535, inclusive")
        if len(spec["ports"]) > 1 and not port.get("name"):
            yield required(f"spec.ports[{index}].name")


def _config_map(document: Document) -> Iterator[Cause]:
    for key, value in (document.get("data") or {}).items():
        if not _DATA_KEY.fullmatch(key):
            yield invalid_value(f"data[{key}]", key, "a key consists of letters, digits, '-', '_' or '.'")
        if not isinstance(value, str):
            yield invalid_value(f"data[{key}]", value, "must be a string")


def _disruption_budget(document: Document) -> Iterator[Cause]:
    spec = document.get("spec") or {}
    if spec.get("minAvailable") is not None and spec.get("maxUnavailable") is not None:
        yield invalid_value(
            "spec", "minAvailable, maxUnavailable", "minAvailable and maxUnavailable cannot be both set"
        )


def _event(document: Document) -> Iterator[Cause]:
    namespace = (document.get("involvedObject") or {}).get("namespace") or "default"
    if namespace != document["metadata"].get("namespace"):
        yield invalid_value("involvedObject.namespace", namespace, "does not match event.namespace")


def _definition(document: Document) -> Iterator[Cause]:
    spec = document["spec"]
    expected = f"{spec.get('names', {}).get('plural')}.{spec.get('group')}"
    if document["metadata"]["name"] != expected:
        name = document["metadata"]["name"]
        yield invalid_value("metadata.name", name, f"must be spec.names.plural+'.'+spec.group ({expected})")
    if spec.get("scope") not in ("Namespaced", "Cluster"):
        yield required("spec.scope")
    versions = spec.get("versions") or []
    if sum(bool(version.get("storage")) for version in versions) != 1:
        yield invalid_value(
            "spec.versions",
            [it.get("name") for it in versions],
            "must have exactly one version marked as storage version",
        )


def _pod_update(old: Document, new: Document) -> Iterator[Cause]:
    if _fixed_part(old["spec"]) != _fixed_part(new["spec"]):
        allowed = ", ".join(f"`spec.{name}`" for name in ("containers[*].image", *_POD_FIELDS_THAT_MAY_CHANGE))
        yield Cause("spec", f"Forbidden: pod updates may not change fields other than {allowed}", "FieldValueForbidden")


def _fixed_part(spec: Document) -> Document:
    fixed = {name: value for name, value in spec.items() if name not in _POD_FIELDS_THAT_MAY_CHANGE}
    for list_name in ("containers", "initContainers"):
        fixed[list_name] = [{**container, "image": None} for container in spec.get(list_name) or []]
    return fixed


def _unchanged(*names: str) -> Callable[[Document, Document], Iterator[Cause]]:
    def rules(old: Document, new: Document) -> Iterator[Cause]:
        for name in names:
            if old["spec"].get(name) != new["spec"].get(name):
                yield immutable(f"spec.{name}", new["spec"].get(name))

    return rules


def _sealed(old: Document, new: Document) -> Iterator[Cause]:
    """ConfigMaps and Secrets that are marked immutable."""
    if old.get("type") != new.get("type"):
        yield immutable("type", new.get("type"))
    if old.get("immutable") and any(old.get(name) != new.get(name) for name in ("data", "binaryData", "immutable")):
        yield Cause("data", "Forbidden: field is immutable when `immutable` is set", "FieldValueForbidden")


_RULES: dict[Key, Callable[[Document], Iterator[Cause]]] = {
    ("", "pods"): _pod,
    ("", "services"): _service,
    ("", "configmaps"): _config_map,
    ("", "secrets"): _config_map,
    ("", "events"): _event,
    ("apps", "deployments"): _selecting("Always"),
    ("apps", "replicasets"): _selecting("Always"),
    ("apps", "statefulsets"): _selecting("Always"),
    ("apps", "daemonsets"): _selecting("Always"),
    ("batch", "jobs"): _job,
    ("policy", "poddisruptionbudgets"): _disruption_budget,
    ("apiextensions.k8s.io", "customresourcedefinitions"): _definition,
}

_UPDATES: dict[Key, Callable[[Document, Document], Iterator[Cause]]] = {
    ("", "pods"): _pod_update,
    ("", "services"): _unchanged("clusterIP"),
    ("", "configmaps"): _sealed,
    ("", "secrets"): _sealed,
    ("apps", "deployments"): _unchanged("selector"),
    ("apps", "replicasets"): _unchanged("selector"),
    ("apps", "statefulsets"): _unchanged("selector", "serviceName"),
    ("apps", "daemonsets"): _unchanged("selector"),
    ("batch", "jobs"): _unchanged("selector", "template", "completionMode"),
    ("apiextensions.k8s.io", "customresourcedefinitions"): _unchanged("group", "scope"),
}
