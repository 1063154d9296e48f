"""What a path and its query ask for."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from lab.apiserver.kinds import Registry, Resource

_NAMESPACE_SUBRESOURCES = frozenset({"status", "finalize"})


@dataclass(frozen=True, slots=True)
class Target:
    """The collection, object or subresource that a path names. An empty name means the collection."""

    resource: Resource
    namespace: str | None
    """None: all namespaces (or a kind without any)."""
    name: str = ""
    subresource: str = ""


def parse_path(registry: Registry, path: str) -> Target | None:
    """The target of `path`, None when it names nothing that is served."""
    parts = [unquote(part) for part in path.strip("/").split("/")]
    if parts[0] == "api" and len(parts) > 2:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[0] == "apis" and len(parts) > 3:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return None
    namespace = None
    is_namespace_itself = len(rest) < 3 or (len(rest) == 3 and rest[2] in _NAMESPACE_SUBRESOURCES)
    if rest[0] == "namespaces" and not is_namespace_itself:
        namespace, rest = rest[1], rest[2:]
    resource = registry.find(group, version, rest[0])
    if resource is None or len(rest) > 3 or not all(rest):
        return None
    if resource.kind.namespaced is (namespace is None) and (namespace is not None or len(rest) > 1):
        return None
    return Target(resource, namespace, *rest[1:])


def parse_query(query: bytes) -> dict[str, str]:
    """The parameters of a query; the last one counts where a name is repeated."""
    return dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True)) if query else {}


def is_true(value: str | None) -> bool:
    return value in ("true", "1", "True", "")
