"""What a run is about to break, as its plan resolved it: one entry for each action of the method."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from actions.fault import Draft


@dataclass(frozen=True, slots=True)
class PlannedFault:
    """One action with its targets. `arguments` are the validated ones as JSON, defaults included."""

    activity: str
    fault: str
    arguments: Mapping[str, JsonValue]
    draft: Draft
