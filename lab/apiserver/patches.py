"""Patches: merge (RFC 7386), JSON patch (RFC 6902) and Kubernetes' strategic merge, as functions of documents."""

import copy
from typing import Any

from lab.apiserver.errors import Document, bad_request
from lab.apiserver.json_pointer import PointerError, apply_operations

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY = "application/apply-patch+yaml"

_MERGE_KEYS = {
    "addresses": "type",
    "conditions": "type",
    "containers": "name",
    "env": "name",
    "ephemeralContainers": "name",
    "hostAliases": "ip",
    "imagePullSecrets": "name",
    "initContainers": "name",
    "ownerReferences": "uid",
    "podIPs": "ip",
    "resourceClaims": "name",
    "schedulingGates": "name",
    "secrets": "name",
    "topologySpreadConstraints": "topologyKey",
    "volumeDevices": "devicePath",
    "volumeMounts": "mountPath",
    "volumes": "name",
}
"""Lists that are merged by the value of a field of their items. All others (tolerations, taints, ...) are replaced."""
_SETS = frozenset({"finalizers", "podCIDRs"})
"""Lists of plain values that are merged as sets."""


class PatchConflictError(ValueError):
    """The patch cannot be applied to this object (a failed `test`, a path that is not there)."""


def merge(target: Any, patch: Any) -> Any:
    """RFC 7386. Changes and returns `target`."""
    if not isinstance(patch, dict):
        return patch
    result = target if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge(result.get(name), value)
    return result


def json_patch(target: Document, operations: Any) -> Document:
    """RFC 6902. PatchConflictError when an operation fails; `target` is left alone then."""
    if not isinstance(operations, list):
        raise bad_request("a JSON patch is a list of operations")
    try:
        result = apply_operations(copy.deepcopy(target), operations)
    except PointerError as error:
        raise PatchConflictError(str(error)) from error
    if not isinstance(result, dict):
        raise PatchConflictError("the patch leaves something that is not an object")
    return result


def strategic_merge(target: Any, patch: Document) -> Document:
    """Kubernetes' strategic merge, directives included. Changes and returns `target`."""
    result = _merged_map(target if isinstance(target, dict) else {}, patch, ())
    return result or {}


def _merged_map(target: Document, patch: Document, path: tuple[str, ...]) -> Document | None:
    """`target` after `patch`; None when the patch says to delete it."""
    match patch.get("$patch"):
        case "replace":
            return _without_directives(patch)
        case "delete":
            return None
    for name, value in patch.items():
        if name.startswith("$"):
            continue
        if value is None:
            target.pop(name, None)
        elif isinstance(value, dict):
            present = target.get(name)
            merged = _merged_map(present if isinstance(present, dict) else {}, value, (*path, name))
            if merged is None:
                target.pop(name, None)
            else:
                target[name] = merged
        elif isinstance(value, list):
            target[name] = _merged_list(target.get(name) or [], value, (*path, name))
        else:
            target[name] = value
    _follow_directives(target, patch, path)
    return target


def _follow_directives(target: Document, patch: Document, path: tuple[str, ...]) -> None:
    for directive, value in patch.items():
        kind, _, name = directive.partition("/")
        if kind == "$deleteFromPrimitiveList":
            target[name] = [item for item in target.get(name) or [] if item not in value]
        elif kind == "$setElementOrder" and target.get(name):
            target[name] = _ordered(target[name], value, merge_key((*path, name), value))
        elif kind == "$retainKeys":
            for key in [key for key in target if key not in value]:
                del target[key]


def _merged_list(target: list[Any], patch: list[Any], path: tuple[str, ...]) -> list[Any]:
    if path[-1] in _SETS:
        return target + [item for item in patch if item not in target]
    key = merge_key(path, patch)
    if key is None or any(not isinstance(item, dict) for item in patch):
        return [_plain(item) for item in patch]
    if any(item.get("$patch") == "replace" and key not in item for item in patch):
        return [item for item in patch if "$patch" not in item]
    result = list(target)
    for item in patch:
        if key not in item:
            raise bad_request(f"the patch of {'.'.join(path)} needs the merge key {key!r} in every item")
        at = next((index for index, present in enumerate(result) if present.get(key) == item[key]), None)
        merged = _merged_map(result[at] if at is not None else {}, item, path)
        if at is None and merged is not None:
            result.append(merged)
        elif at is not None and merged is None:
            del result[at]
        elif at is not None:
            result[at] = merged
    return result


def merge_key(path: tuple[str, ...], items: list[Any]) -> str | None:
    """The field by which the items of the list at `path` are told apart; None when the list is replaced as a whole."""
    if path[-1] == "ports":
        if any(isinstance(item, dict) and "containerPort" in item for item in items):
            return "containerPort"
        return "port" if path == ("spec", "ports") else None
    if path[-1] == "sources" and path[-2:-1] == ("projected",):
        return None
    return _MERGE_KEYS.get(path[-1])


def _ordered(items: list[Any], order: list[Any], key: str | None) -> list[Any]:
    """`items` in the order that the directive names; those it does not name keep their place relative to the others."""
    ranks = {(entry.get(key) if isinstance(entry, dict) else entry): rank for rank, entry in enumerate(order)}
    last = -1
    placed: list[tuple[int, int, Any]] = []
    for index, item in enumerate(items):
        last = ranks.get(item.get(key) if isinstance(item, dict) else item, last)
        placed.append((last, index, item))
    return [item for _, _, item in sorted(placed, key=lambda entry: entry[:2])]


def _without_directives(patch: Document) -> Document:
    return {name: _plain(value) for name, value in patch.items() if not name.startswith("$") and value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return _without_directives(value)
    return [_plain(item) for item in value] if isinstance(value, list) else value
