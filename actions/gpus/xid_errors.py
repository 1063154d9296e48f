"""An XID error injected into DCGM."""

from pydantic import Field

from actions.gpus.dcgm import XID_ERRORS
from actions.gpus.dcgm_fault import DcgmArguments, DcgmFault


class XidArguments(DcgmArguments):
    """Which XID."""

    xid: int = Field(default=79, ge=1, le=999, description="The XID; 79 is a GPU that has fallen off the bus.")


class InjectXid(DcgmFault[XidArguments]):
    """Inject an XID error of a GPU through DCGM (field 230): it looks broken to whoever reads DCGM, and works on.

    No undo of it is known to work everywhere: what DCGM shows is put back, but what has latched the error keeps it.
    """

    arguments = XidArguments
    polled = False  # DCGM learns of XIDs by NVML's events

    def damage(self, arguments: XidArguments) -> tuple[int, int]:
        return XID_ERRORS, arguments.xid

    def restored(self, arguments: XidArguments, shown: int | None) -> int:
        del arguments
        return shown or 0

    def undo_note(self) -> str:
        return (
            "DCGM shows the former XID again (0 for none); no undo is known for what has latched the error: where they "
            "stay, clear node conditions, DCGM health incidents and quarantines by hand"
        )

    def warnings(self, arguments: XidArguments) -> tuple[str, ...]:
        del arguments
        return ("field 230 (the last XID) has no undo known to work: detectors may call the GPU broken after it",)
