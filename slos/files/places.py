"""Where the parts of an SLO stand in their files, found only when somebody asks."""

from collections.abc import Iterator, Mapping

from slos.files.findings import Findings
from slos.files.yaml_document import Path
from slos.problems import Place


class Places(Mapping[str, Place]):
    """Place of each part by its name in the model; parts may be in different documents."""

    __slots__ = ("_parts",)

    def __init__(self, parts: Mapping[str, tuple[Findings, Path]]) -> None:
        self._parts = parts

    def __getitem__(self, part: str) -> Place:
        findings, path = self._parts[part]
        return findings.place_of(path)

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)
