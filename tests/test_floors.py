"""The layout is the architecture: imports only ever point down."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BELOW = {
    "slos": set[str](),
    "clients": set[str](),
    "actions": {"slos", "clients"},
    "probes": {"slos", "clients"},
    "dashboards": {"slos", "clients"},
    "runner": {"slos", "clients", "actions", "probes", "dashboards"},
    "lab": {"slos"},
}
"""What the modules of each folder may import of the others; only the sub-command of the lab may import `lab`."""

FOLDERS = set(BELOW) | {"tests", "bench", "experiments"}


def imported(path: Path) -> Iterator[str]:
    """The top-level names that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("folder", sorted(BELOW))
def test_imports_point_down(folder: str) -> None:
    wrong = []
    for path in (ROOT / folder).rglob("*.py"):
        allowed = BELOW[folder] | {folder}
        if path.is_relative_to(ROOT / "runner" / "cli"):
            allowed |= {"lab"}
        upwards = FOLDERS.intersection(imported(path)) - allowed
        wrong += [f"{path.relative_to(ROOT)} imports {name}" for name in sorted(upwards)]
    assert wrong == []


def test_modules_are_there_to_be_checked() -> None:
    assert len(list((ROOT / "lab").rglob("*.py"))) > 50
    assert "lab" in set(imported(ROOT / "runner" / "cli" / "lab.py"))
