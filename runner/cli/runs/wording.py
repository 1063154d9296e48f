"""How runs are written for people."""

from collections.abc import Mapping

from rich.text import Text

from runner.cli.slo.figures import printable, span
from runner.runs.trends import most_spent

STYLES: Mapping[str, str] = {
    "held": "green",
    "breached": "bold red",
    "aborted": "yellow",
    "refused": "yellow",
    "inconclusive": "yellow",
    "error": "bold red",
    "died": "bold red",
    "running": "cyan",
}
NOTHING = "-"
"""What is not known, or was not asked for."""


def verdict(word: str) -> Text:
    return Text(printable(word), STYLES.get(word, ""))


def seconds(value: float | None) -> str:
    return NOTHING if value is None else span(value)


def spent(shares: Mapping[str, float]) -> str:
    """The largest of what a run has spent."""
    most = most_spent(shares)
    return NOTHING if most is None else share(most)


def share(value: float | None) -> str:
    """A share of an error budget: what is there is not rounded away."""
    if value is None:
        return NOTHING
    return "<0.01%" if 0 < value < 0.00005 else f"{value:.2%}"
