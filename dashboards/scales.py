"""From which value on a figure is worth a second look, or wakes somebody: the same colours everywhere.

Green is good, yellow wants a look today, orange soon, red now; purple is chaos. Blue, and no colour, say nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.models.dashboard import Threshold, ThresholdsMode, ValueMap, ValueMappingResult

GOOD, PLAIN, LOOK, SOON, NOW, QUIET, CHAOS = "green", "blue", "yellow", "orange", "red", "transparent", "purple"


@dataclass(frozen=True, slots=True)
class Scale:
    """A colour for the lowest values, and from which value on which other one; values are in the panel's unit."""

    base: str
    steps: tuple[tuple[float, str], ...] = ()

    def builder(self) -> ThresholdsConfig:
        steps = [Threshold(value=None, color=self.base)]
        steps += [Threshold(value=value, color=colour) for value, colour in self.steps]
        return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)

    def document(self) -> dict[str, object]:
        """As an override of one column has it."""
        steps: list[dict[str, object]] = [{"color": self.base, "value": None}]
        steps += [{"color": colour, "value": value} for value, colour in self.steps]
        return {"mode": "absolute", "steps": steps}


NEUTRAL = Scale(PLAIN)
SILENT = Scale(QUIET)
NONE_IS_GOOD = Scale(GOOD, ((1, NOW),))
NONE_IS_GOOD_SOME_WANT_A_LOOK = Scale(GOOD, ((1, LOOK),))
ALL_IS_GOOD = Scale(NOW, ((1, GOOD),))
"""Of a ratio, or of something that is there (1) or not."""
UNDER_CHAOS = Scale(QUIET, ((1, CHAOS),))
BUDGET_LEFT = Scale(NOW, ((0.0001, SOON), (0.25, LOOK), (0.5, GOOD)))
"""Of the share that is left: red is spent, and half of it is what an experiment usually asks for."""
BURN = Scale(GOOD, ((1, LOOK), (6, SOON), (14.4, NOW)))
"""Burn rates: 1 just spends the budget within its window; 6 and 14.4 are the workbook's pages for 30 days."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a value is called, and in which colour it stands."""

    text: str
    colour: str


def mapped(meanings: Mapping[str, Meaning]) -> list[ValueMap]:
    """Values by their text: `{"1": Meaning("up", GOOD)}`."""
    results = {
        value: ValueMappingResult(text=meaning.text, color=meaning.colour, index=index)
        for index, (value, meaning) in enumerate(meanings.items())
    }
    return [ValueMap(options=results)]


def mapped_document(meanings: Mapping[str, Meaning]) -> list[dict[str, object]]:
    """The same, as an override of one column has it."""
    options = {
        value: {"text": meaning.text, "color": meaning.colour, "index": index}
        for index, (value, meaning) in enumerate(meanings.items())
    }
    return [{"type": "value", "options": options}]
