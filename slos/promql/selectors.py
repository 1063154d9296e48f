"""Selections of series, and how PromQL writes them."""

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

MatchOp = Literal["=", "!=", "=~", "!~"]

_LEGACY_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LEGACY_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_QUOTING = json.JSONEncoder(ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class LabelMatcher:
    """One condition of a selector."""

    label: str
    op: MatchOp
    value: str

    def __str__(self) -> str:
        label = self.label if _LEGACY_LABEL.fullmatch(self.label) else quoted(self.label)
        return f"{label}{self.op}{quoted(self.value)}"

    @property
    def matches_empty(self) -> bool:
        """Whether a series without the label matches, too."""
        if self.op in ("=", "!="):
            return (self.value == "") == (self.op == "=")
        return bool(re.fullmatch(self.value, "")) == (self.op == "=~")


@dataclass(frozen=True, slots=True)
class Selector:
    """One selection of series in a query.

    `range_seconds` is the range that it is read over, if any (promql.PARSED_WINDOW's for the placeholder), `function`
    the function that reads that range, or the subquery's that it stands in. `reach_seconds` is how far back of its
    evaluation the query needs it: ranges, subqueries and offsets together.
    """

    name: str | None
    matchers: tuple[LabelMatcher, ...]
    range_seconds: float | None = None
    function: str | None = None
    reach_seconds: float = 0.0
    shifted: bool = False

    def __str__(self) -> str:
        """The instant vector selector, as every Prometheus that knows its names reads it."""
        conditions = [str(matcher) for matcher in self.matchers]
        if self.name is None:
            return f"{{{','.join(conditions)}}}"
        if not _LEGACY_NAME.fullmatch(self.name):
            return f"{{{','.join([quoted(self.name), *conditions])}}}"
        return f"{self.name}{{{','.join(conditions)}}}" if conditions else self.name

    def called(self, name: str, *more: LabelMatcher) -> "Selector":
        """The same conditions, and `more`, on another metric."""
        return Selector(name, (*self.matchers, *more))


@lru_cache(16_384)
def quoted(text: str) -> str:
    """A PromQL string literal."""
    return _QUOTING.encode(text)
