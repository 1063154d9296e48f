"""A reading of DCGM that says that a GPU is broken."""

from typing import Literal

from pydantic import Field

from actions.gpus.dcgm import INFOROM_VALID, ROW_REMAP_FAILURE
from actions.gpus.dcgm_fault import DcgmArguments, DcgmFault

_BROKEN = {"row-remap-failure": (ROW_REMAP_FAILURE, 1), "inforom-invalid": (INFOROM_VALID, 0)}
_HEALTHY = {"row-remap-failure": 0, "inforom-invalid": 1}


class ReadingArguments(DcgmArguments):
    """Which reading."""

    reading: Literal["row-remap-failure", "inforom-invalid"] = Field(
        description="row-remap-failure: field 395 shows 1; inforom-invalid: field 84 shows 0."
    )


class InjectReading(DcgmFault[ReadingArguments]):
    """Inject a reading through DCGM that says a GPU's memory or InfoROM is broken (fields 395, 84); it works on."""

    arguments = ReadingArguments
    polled = True

    def damage(self, arguments: ReadingArguments) -> tuple[int, int]:
        return _BROKEN[arguments.reading]

    def restored(self, arguments: ReadingArguments, shown: int | None) -> int:
        del shown
        return _HEALTHY[arguments.reading]

    def undo_note(self) -> str:
        return "DCGM is told the healthy value again (field 395: 0, field 84: 1), and its next own reading confirms it"

    def warnings(self, arguments: ReadingArguments) -> tuple[str, ...]:
        del arguments
        return ("DCGM reads this field by itself where something watches it, and then shows the driver's value again",)
