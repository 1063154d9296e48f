"""A number of a summary: known, known to be at least, or unknown with the reason."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from runner.report.wording import UNKNOWN


@dataclass(frozen=True, slots=True)
class Measured:
    """`value` is None where nobody knows it, and `reason` says why."""

    value: float | None
    reason: str = ""
    at_least: bool = False

    def say(self, words: Callable[[float], str]) -> str:
        """The number in words."""
        if self.value is None:
            return UNKNOWN
        return f"{'over ' if self.at_least else ''}{words(self.value)}"


def read_measured(document: object) -> Measured | None:
    """A reading of a summary: a number, `{"unknown": why}` or `{"at_least": number}`; None where there is none."""
    match document:
        case None:
            return None
        case bool():
            return Measured(None, "it is no number")
        case int() | float():
            return Measured(float(document))
        case Mapping() if "at_least" in document:
            least = document["at_least"]
            if isinstance(least, int | float):
                return Measured(float(least), at_least=True)
        case Mapping() if "unknown" in document:
            return Measured(None, str(document["unknown"]))
    return Measured(None, "it could not be read")
