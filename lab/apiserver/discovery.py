"""Discovery: which groups, versions and resources there are, and what the server calls itself."""

from lab.apiserver.errors import Document
from lab.apiserver.kinds import REVIEWS, Registry, Resource, group_version

VERSION = {
    "major": "1",
    "minor": "36",
    "gitVersion": "v1.36.0+mlchaos",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "2025-01-01T00:00:00Z",
    "goVersion": "none",
    "compiler": "none",
    "platform": "linux/amd64",
}

_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
_STATUS_VERBS = ["get", "patch", "update"]


def discovery_document(registry: Registry, path: str) -> Document | None:
    """The answer to /version, /api, /apis and what lies directly below; None for any other path."""
    match path.strip("/").split("/"):
        case ["version"]:
            return VERSION
        case ["api"]:
            return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
        case ["apis"]:
            groups = [_group(name, versions) for name, versions in registry.groups().items()]
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
        case ["api", "v1"]:
            return _resources(registry, "", "v1")
        case ["apis", group] if group in registry.groups():
            return {**_group(group, registry.groups()[group]), "apiVersion": "v1"}
        case ["apis", group, version] if version in registry.groups().get(group, ()):
            return _resources(registry, group, version)
    return None


def _group(name: str, versions: list[str]) -> Document:
    entries = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"kind": "APIGroup", "name": name, "versions": entries, "preferredVersion": entries[0]}


def _resources(registry: Registry, group: str, version: str) -> Document:
    entries = [entry for it in registry.resources(group, version) for entry in _entries(it)]
    entries += [
        {"name": plural, "singularName": kind.lower(), "namespaced": False, "kind": kind, "verbs": ["create"]}
        for (its_group, its_version, plural), kind in REVIEWS.items()
        if (its_group, its_version) == (group, version)
    ]
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": group_version(group, version),
        "resources": sorted(entries, key=lambda entry: str(entry["name"])),
    }


def _entries(resource: Resource) -> list[Document]:
    kind = resource.kind
    main: Document = {
        "name": kind.plural,
        "singularName": kind.singular or kind.name.lower(),
        "namespaced": kind.namespaced,
        "kind": kind.name,
        "verbs": _VERBS,
    }
    if kind.short_names:
        main["shortNames"] = list(kind.short_names)
    if kind.categories:
        main["categories"] = list(kind.categories)
    entries = [main]
    if kind.status:
        entries.append(_subresource(resource, "status", kind.name, _STATUS_VERBS))
    if kind.scale:
        entries.append(_subresource(resource, "scale", "Scale", _STATUS_VERBS, "autoscaling/v1"))
    for name, its_kind, its_version in kind.subresources:
        verbs = ["get"] if name == "log" else ["create", "get"] if name == "exec" else ["create"]
        entries.append(_subresource(resource, name, its_kind, verbs, its_version))
    return entries


def _subresource(resource: Resource, name: str, kind: str, verbs: list[str], version: str = "") -> Document:
    entry: Document = {
        "name": f"{resource.kind.plural}/{name}",
        "singularName": "",
        "namespaced": resource.kind.namespaced,
        "kind": kind,
        "verbs": verbs,
    }
    if version and version != resource.api_version:
        group, _, its_version = version.rpartition("/")
        entry.update({"group": group, "version": its_version})
    return entry
