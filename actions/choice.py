"""Choosing among candidates: by a seed, the same again wherever and however they were listed."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Choice:
    """The draw of one action. Each candidate's rank depends on it and the seed alone (rendezvous hashing).

    So a pick changes only when the picked one goes, or a new one outranks it.
    """

    seed: int
    action: int = 0

    def ranked(self, candidates: Iterable[T], identity: Callable[[T], str]) -> list[T]:
        """The candidates in the order in which to take them; `identity` tells them apart, such as a uid."""
        key = f"{self.seed}:{self.action}:".encode()
        return sorted(candidates, key=lambda one: hashlib.sha256(key + identity(one).encode()).digest())
