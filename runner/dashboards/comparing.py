"""Where a dashboard that Grafana has differs from ours. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_ADDED_BY_GRAFANA = frozenset({"id", "version"})
_ABSENT = "(absent)"


@dataclass(frozen=True, slots=True)
class Difference:
    """One place, as `panels[3] "Pages firing".title`, and what stands there in Grafana and here, as text."""

    path: str
    theirs: str
    ours: str


def differences(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Every place where Grafana's dashboard is not ours.

    Grafana adds its own number and version to each. One of a newer schema than ours was rewritten by Grafana itself,
    which adds its defaults then: what it has and we do not say is no difference in that case.
    """
    newer = _schema(theirs) > _schema(ours)
    ignored = _ADDED_BY_GRAFANA | {"schemaVersion"} if newer else _ADDED_BY_GRAFANA
    mine = {key: value for key, value in ours.items() if key not in ignored}
    other = {key: value for key, value in theirs.items() if key not in ignored}
    return tuple(_compared("", mine, other, lenient=newer))


def _compared(path: str, ours: Any, theirs: Any, *, lenient: bool) -> Iterator[Difference]:
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        keys = ours.keys() if lenient else ours.keys() | theirs.keys()
        for key in sorted(keys):
            where = f"{path}.{key}" if path else key
            if key not in ours or key not in theirs:
                yield Difference(where, _text(theirs.get(key, _ABSENT)), _text(ours.get(key, _ABSENT)))
            else:
                yield from _compared(where, ours[key], theirs[key], lenient=lenient)
    elif _is_list(ours) and _is_list(theirs):
        if len(ours) != len(theirs):
            yield Difference(f"{path} (how many)", str(len(theirs)), str(len(ours)))
            return
        for number, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from _compared(f"{path}[{number}]{_called(mine)}", mine, other, lenient=lenient)
    elif ours != theirs:
        yield Difference(path, _text(theirs), _text(ours))


def _called(item: Any) -> str:
    """The name of something in a list, for people."""
    name = item.get("title") or item.get("name") if isinstance(item, Mapping) else None
    return f' "{name}"' if name else ""


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _schema(model: Mapping[str, Any]) -> int:
    version = model.get("schemaVersion")
    return version if isinstance(version, int) else 0


def _text(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)
