"""The SLOs that an experiment names: in the catalogue, or in files."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from runner.slo.files import CATALOG, load
from slos.files.nearest import nearest
from slos.model import Slo


@dataclass(frozen=True, slots=True)
class UnknownSlo:
    """A name without an SLO, or a file without good ones: the index in the list, what is wrong, what to write."""

    index: int
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class NamedSlos:
    """The SLOs of a list of names and paths, each once, and the names without any."""

    slos: tuple[Slo, ...]
    unknown: tuple[UnknownSlo, ...]


def is_path(name: str) -> bool:
    """Whether it names a file or directory rather than an SLO of the catalogue."""
    return "/" in name or name.endswith((".yaml", ".yml"))


def find_slos(names: Sequence[str]) -> NamedSlos:
    """The SLOs that `names` name; a path, relative to the working directory, stands for every SLO below it."""
    found: dict[str, Slo] = {}
    unknown: list[UnknownSlo] = []
    catalog = _catalog(frozenset(name for name in names if not is_path(name)))
    for index, name in enumerate(names):
        if is_path(name):
            _from_files(index, name, found, unknown)
        elif name in catalog:
            found.setdefault(name, catalog[name])
        else:
            meant = nearest(name, catalog)
            remedy = f"write {meant}" if meant else f"write one of {', '.join(sorted(catalog))}, or the path of a file"
            unknown.append(UnknownSlo(index, f"no SLO of the catalogue is called {name!r}", remedy))
    return NamedSlos(tuple(found.values()), tuple(unknown))


@cache
def _catalog(names: frozenset[str]) -> dict[str, Slo]:
    """The SLOs of the catalogue: of the files that speak of these names, or all where that does not do.

    To read all of it takes longer than the rest of a plan.
    """
    if not names:
        return {}
    files = [file for file in sorted(CATALOG.rglob("*.yaml")) if _speaks_of(file, names)]
    found = _by_name(files) if files else {}
    return found if names <= found.keys() else _by_name([CATALOG])


def _speaks_of(file: Path, names: Collection[str]) -> bool:
    text = file.read_text("utf-8")
    return any(name in text for name in names)


def _by_name(paths: Sequence[Path]) -> dict[str, Slo]:
    return {slo.name: slo for slo in load(paths).slos.slos}


def _from_files(index: int, name: str, found: dict[str, Slo], unknown: list[UnknownSlo]) -> None:
    loaded = load((Path(name),))
    errors = [problem for problem in loaded.problems if problem.level == "error"]
    unknown += [UnknownSlo(index, f"{problem.place}: {problem.message}", problem.remedy) for problem in errors]
    if not loaded.slos.slos and not errors:
        unknown.append(UnknownSlo(index, f"{name} declares no SLO", "name a file with one"))
    for slo in loaded.slos.slos:
        found.setdefault(slo.name, slo)
