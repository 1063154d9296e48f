"""JSON patch operations (RFC 6902) on JSON pointers (RFC 6901)."""

import copy
from typing import Any


class PointerError(ValueError):
    """An operation that cannot be done."""


def apply_operations(target: Any, operations: list[Any]) -> Any:
    """`target` (changed in place) after all operations; PointerError at the first that fails."""
    for operation in operations:
        try:
            target = _apply(target, operation)
        except (KeyError, TypeError, AttributeError) as error:
            raise PointerError(f"{operation!r} is not a JSON patch operation: {error}") from error
    return target


def _apply(target: Any, operation: dict[str, Any]) -> Any:
    path = _tokens(operation["path"])
    match operation["op"]:
        case "add":
            return _add(target, path, operation["value"])
        case "remove":
            _remove(target, path)
        case "replace":
            if path:
                _remove(target, path)
            return _add(target, path, operation["value"])
        case "move":
            source = _tokens(operation["from"])
            value = _get(target, source)
            _remove(target, source)
            return _add(target, path, value)
        case "copy":
            return _add(target, path, copy.deepcopy(_get(target, _tokens(operation["from"]))))
        case "test":
            if _get(target, path) != operation["value"]:
                raise PointerError(f"testing value {operation['path']} failed")
        case other:
            raise PointerError(f"unknown operation {other!r}")
    return target


def _tokens(pointer: str) -> list[str]:
    if pointer and not pointer.startswith("/"):
        raise PointerError(f"{pointer!r} is not a JSON pointer")
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _get(target: Any, path: list[str]) -> Any:
    for step in path:
        target = target[_index(target, step)] if isinstance(target, list) else _member(target, step)
    return target


def _member(target: Any, step: str) -> Any:
    if not isinstance(target, dict) or step not in target:
        raise PointerError(f"there is no {step!r} here")
    return target[step]


def _index(target: list[Any], step: str, *, inserting: bool = False) -> int:
    if step == "-" and inserting:
        return len(target)
    if not step.isdecimal() or int(step) > len(target) - (not inserting):
        raise PointerError(f"{step!r} is not an index of a list of {len(target)}")
    return int(step)


def _add(target: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    parent = _get(target, path[:-1])
    if isinstance(parent, list):
        parent.insert(_index(parent, path[-1], inserting=True), value)
    elif isinstance(parent, dict):
        parent[path[-1]] = value
    else:
        raise PointerError(f"nothing can be added at /{'/'.join(path)}")
    return target


def _remove(target: Any, path: list[str]) -> None:
    if not path:
        raise PointerError("the whole object cannot be removed")
    parent = _get(target, path[:-1])
    if isinstance(parent, list):
        del parent[_index(parent, path[-1])]
    else:
        _member(parent, path[-1])
        del parent[path[-1]]
