"""Known keys in the wrong place: where they belong."""

from typing import Any

from slos.files.shape import Shape
from slos.files.yaml_document import Path

_DEEPEST = 3
"""Keys below: `metricSource.spec` is two."""


def home(shape: Shape, parent: Path, key: str, holder: dict[str, Any]) -> Path | None:
    """The path, from the mapping `holder` at `parent`, of the mapping that should have the key.

    None when no place below takes it, or when several do equally, or one beside `holder` as well. Looks where nothing
    is, or a mapping without the key.
    """
    at: list[tuple[Path, object]] = [((name,), holder.get(name)) for name in shape.keys(parent)]
    for _ in range(_DEEPEST):
        takers = [(path, value) for path, value in at if key in shape.keys((*parent, *path))]
        empty = [(path, value) for path, value in takers if not value and _is_there(holder, path)]
        if takers:
            (path, value), *others = empty or takers
            clear = not others and _lacks(value, key) and (empty or beside(shape, parent, key) is None)
            return _first_entries(shape, parent, path) if clear else None
        at = [
            ((*path, name), value.get(name) if isinstance(value, dict) else None)
            for path, value in at
            if not value or isinstance(value, dict)
            for name in shape.keys((*parent, *path))
        ]
    return None


def beside(shape: Shape, parent: Path, key: str) -> str | None:
    """The mapping beside the one at `parent` that has such a key: `displayName` in `spec` is that of `metadata`."""
    names = [step for step in parent if isinstance(step, str)]
    around = tuple(names[:-1])
    found = [name for name in shape.keys(around) if key in shape.keys((*around, name))]
    return found[0] if names and len(found) == 1 else None


def put(holder: dict[str, Any], steps: Path, key: str, value: object) -> None:
    """Moves a value to where it belongs, making the mappings on the way that are not there."""
    here: Any = holder
    for step, following in zip(steps, (*steps[1:], key), strict=True):
        if isinstance(step, str) and not here.get(step):
            here[step] = [{}] if isinstance(following, int) else {}
        here = here[step]
    here[key] = value


def _lacks(value: object, key: str) -> bool:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return not value or (isinstance(value, dict) and key not in value)


def _is_there(holder: dict[str, Any], path: Path) -> bool:
    here: Any = holder
    for step in path:
        if not isinstance(here, dict) or step not in here:
            return False
        here = here[step]
    return True


def _first_entries(shape: Shape, parent: Path, path: Path) -> Path:
    """The path with an index 0 behind each key of a list."""
    steps: list[str | int] = []
    for length, step in enumerate(path, 1):
        steps.append(step)
        if shape.is_list((*parent, *path[:length])):
            steps.append(0)
    return tuple(steps)
