"""docs/slo-files.md is a reference: every key and annotation that an SLO file can have stands in it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from slos.files.annotation_keys import KEYS, OPEN_KEYS, PREFIX
from slos.tiers import TIERS
from tests.docs.commands import ROOT

PAGE = (ROOT / "docs" / "slo-files.md").read_text()
SCHEMA = json.loads((ROOT / "slos" / "schema.json").read_text())
TIER_NAMES = {tier.name for tier in TIERS}


def keys(schema: Any) -> Iterator[str]:
    """The keys of all documents, but for our annotations."""
    if isinstance(schema, dict):
        properties = schema.get("properties")
        if isinstance(properties, dict):
            yield from (key for key in properties if not key.startswith(PREFIX))
        for value in schema.values():
            yield from keys(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from keys(value)


@pytest.mark.parametrize("key", sorted(set(keys(SCHEMA))))
def test_every_key_is_there(key: str) -> None:
    assert re.search(rf"(?<![\w.]){re.escape(key)}(?![\w])", PAGE)


def as_written(annotation: str) -> str:
    """In the page's table, where one row stands for every tier, or for every name."""
    start, dot, rest = annotation.partition(".")
    return f"{start}.<tier>" if dot and rest in TIER_NAMES else annotation


@pytest.mark.parametrize("row", sorted({as_written(key) for key in KEYS} | {f"{start}<name>" for start in OPEN_KEYS}))
def test_every_annotation_has_a_row(row: str) -> None:
    assert f"| `{row}` |" in PAGE


def test_every_tier_is_named() -> None:
    assert all(name in PAGE for name in TIER_NAMES)
