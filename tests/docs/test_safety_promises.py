"""docs/safety-promises.md names tests for every promise, and they are there."""

import ast
import re
from functools import cache

import pytest

from tests.docs.commands import ROOT

PAGE = (ROOT / "docs" / "safety-promises.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))
HEAD = "what | kept by | proven by"
ROWS = [
    line for line in PAGE.splitlines() if line.startswith("| ") and HEAD not in line and not line.startswith("|---")
]


@cache
def _tests_of(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


@pytest.mark.parametrize(("path", "name"), NAMED, ids=[name for _, name in NAMED])
def test_the_test_that_proves_it_is_there(path: str, name: str) -> None:
    assert (ROOT / path).exists()
    assert name in _tests_of(path)


@pytest.mark.parametrize("row", ROWS, ids=[row.split("|")[1].strip() for row in ROWS])
def test_every_promise_says_what_keeps_it_and_what_proves_it(row: str) -> None:
    what, kept, proven = (cell.strip() for cell in row.strip("|").split("|"))
    assert what
    assert len(kept) > 10
    assert re.fullmatch(r"`tests/[\w/]+\.py::\w+`(, `tests/[\w/]+\.py::\w+`)*", proven), proven


def test_the_four_promises_are_there() -> None:
    sections = re.findall(r"^## (.*)", PAGE, re.MULTILINE)
    assert sections[:4] == [
        "A fault never outlives its run",
        "No fault without a guard",
        "The error budget is the blast radius",
        "The page is part of the system under test",
    ]
    assert len(NAMED) > 50
