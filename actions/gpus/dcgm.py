"""DCGM's fields, commands and answers, as far as faults use them. Pure.

`dcgmi test --inject` puts a value into the cache of DCGM's host engine: whoever reads DCGM sees it, and nobody else.
Fields and undo: https://docs.nvidia.com/datacenter/dcgm/latest/reference/command-line-reference/dcgmi/dcgmi-test.html,
the end-to-end tests of NVSentinel and of the EKS node monitoring agent.
"""

from dataclasses import dataclass

ACCEPTED = "Successfully injected"
XID_ERRORS, ROW_REMAP_FAILURE, INFOROM_VALID = 230, 395, 84

EKS_FATAL_XIDS = frozenset(
    {46, 48, 54, 62, 63, 64, 74, 79, 95, 109, 110, 119, 120, 136, 140, 142, 143, 151, 155, 156, 158}
)
"""XIDs for which the EKS node monitoring agent calls a node's accelerated hardware broken."""


@dataclass(frozen=True, slots=True)
class Place:
    """A GPU's field in a host engine: DCGM's number of the GPU, and the engine's address where it is not the pod's."""

    gpu: int
    field: int
    engine: str = ""

    def inject(self, value: int) -> tuple[str, ...]:
        """The command that makes the field show `value`."""
        gpu, field = str(self.gpu), str(self.field)
        return ("dcgmi", "test", *self._host, "--inject", "--gpuid", gpu, "-f", field, "-v", str(value))

    def read(self, rows: int) -> tuple[str, ...]:
        """The command that prints what the field shows, in so many rows."""
        gpu, field = str(self.gpu), str(self.field)
        return ("dcgmi", "dmon", *self._host, "-e", field, "-i", gpu, "-d", "100", "-c", str(rows))

    @property
    def _host(self) -> tuple[str, ...]:
        return ("--host", self.engine) if self.engine else ()


def shown(output: str, gpu: int) -> int | None:
    """The last value that `dcgmi dmon` printed for a GPU; None where it has none (N/A).

    Raises ValueError for output without a row of that GPU.
    """
    rows = [words for line in output.splitlines() if (words := line.split())[:2] == ["GPU", str(gpu)]]
    if not rows or len(rows[-1]) < 3:
        raise ValueError(f"no row of GPU {gpu} in: {' '.join(output.split())[:200]!r}")
    value = rows[-1][2]
    try:
        return int(float(value))
    except (ValueError, OverflowError):
        return None
