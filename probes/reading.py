"""What a probe returns that reads one value: with where it comes from, and in a shape that tolerances understand."""

from typing import Any


class NoReadingError(Exception):
    """An SLI that should be read is unknown, and why."""


class Reading(dict[str, Any]):
    """A dictionary with the keys value, slo, at (seconds since the epoch) and query, which compares like its value.

    A dictionary, because the journal keeps it whole. It compares like its value, because Chaos Toolkit compares what a
    probe returns with a plain tolerance (`[0, 1]`, `good`), and a comparison that raises would end the run there and
    then, without its rollbacks: what cannot be compared is out of tolerance instead.
    """

    __hash__ = None

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other) if isinstance(other, dict) else self._alike(other) and bool(self["value"] == other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __lt__(self, other: object) -> bool:
        return self._ordered(other) and bool(self["value"] < other)

    def __le__(self, other: object) -> bool:
        return self._ordered(other) and bool(self["value"] <= other)

    def __gt__(self, other: object) -> bool:
        return self._ordered(other) and bool(self["value"] > other)

    def __ge__(self, other: object) -> bool:
        return self._ordered(other) and bool(self["value"] >= other)

    def _alike(self, other: object) -> bool:
        """Words with words, numbers with numbers; true and false are neither."""
        return self._ordered(other) or (isinstance(other, str) and isinstance(self["value"], str))

    def _ordered(self, other: object) -> bool:
        """Only numbers have an order: states between two others in the alphabet mean nothing."""
        return all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in (other, self["value"]))
