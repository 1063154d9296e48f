"""Questions of dashboards put to a Prometheus until each has had an answer with a number in it."""

import math
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from tests.dashboards.asking import Asked, filled


class Queried(Protocol):
    """A lab, or anything else that has a Prometheus."""

    def query(self, expression: str) -> list[dict[str, Any]]:
        """An instant query's rows; OSError where there is no answer."""


class Outstanding:
    """Those questions that have not been answered with data yet."""

    def __init__(self, questions: Iterable[Asked], choices: Mapping[str, str]) -> None:
        self.left = {asked: filled(asked.expression, choices) for asked in questions}

    def ask(self, server: Queried) -> bool:
        """Ask what is left once more; true when nothing is.

        As of now: a query over time has data in a time range as soon as it has some at one moment of it.
        """
        self.left = {asked: expression for asked, expression in self.left.items() if not has_data(server, expression)}
        return not self.left

    def __str__(self) -> str:
        return "\n".join(f"{asked.where}: {expression}" for asked, expression in self.left.items())


def has_data(server: Queried, expression: str) -> bool:
    """Whether there is any number: NaN, as of a quantile of nothing, would be drawn as a gap.

    A Prometheus that is too busy to answer, or refuses the query, has given none.
    """
    try:
        rows = server.query(expression)
    except OSError:
        return False
    return any(math.isfinite(float(row["value"][1])) for row in rows)
