"""One simulated GPU: what its sensors would show, from whether it has work to do. Deterministic by its seed.

Utilization wanders around a level, clocks and power follow utilization, temperature follows power with a delay, energy
and traffic are their integrals.
"""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass

from lab.workloads.dcgm import fields
from lab.workloads.dcgm.fields import Field

MEMORY_MIB = 81559
IDLE_WATTS, PEAK_WATTS = 72.0, 690.0
IDLE_CLOCK, TOP_CLOCK, THROTTLE_CLOCKS = 345, 1980, 120
MEMORY_CLOCK = 2619
AMBIENT_CELSIUS, CELSIUS_PER_WATT = 25.0, 0.064
THERMAL_SECONDS = 15.0
BUSY_LEVEL, WANDER, PULL = 0.93, 0.02, 0.3
NVLINK_MB_PER_SECOND = 90_000.0
PCIE_BYTES_PER_SECOND = 6e9


@dataclass(frozen=True, slots=True)
class Sensors:
    """The continuous state of a GPU: share of time in use, degrees, and the integrals."""

    utilization: float = 0.0
    celsius: float = AMBIENT_CELSIUS + IDLE_WATTS * CELSIUS_PER_WATT
    millijoules: float = 0.0
    nvlink_megabytes: float = 0.0
    pcie_sent_bytes: float = 0.0
    pcie_received_bytes: float = 0.0

    @property
    def watts(self) -> float:
        return IDLE_WATTS + (PEAK_WATTS - IDLE_WATTS) * self.utilization

    def after(self, seconds: float, is_busy: bool, noise: float) -> "Sensors":
        """The state `seconds` later; `noise` is a draw from the unit normal distribution."""
        level = BUSY_LEVEL if is_busy else 0.0
        pulled = self.utilization + (level - self.utilization) * (1 - (1 - PULL) ** seconds)
        utilization = min(1.0, max(0.0, pulled + WANDER * noise * is_busy))
        moved = Sensors(utilization=utilization)
        target = AMBIENT_CELSIUS + moved.watts * CELSIUS_PER_WATT
        return Sensors(
            utilization=utilization,
            celsius=target + (self.celsius - target) * math.exp(-seconds / THERMAL_SECONDS),
            millijoules=self.millijoules + moved.watts * seconds * 1000,
            nvlink_megabytes=self.nvlink_megabytes + NVLINK_MB_PER_SECOND * utilization * seconds,
            pcie_sent_bytes=self.pcie_sent_bytes + PCIE_BYTES_PER_SECOND * 0.4 * utilization * seconds,
            pcie_received_bytes=self.pcie_received_bytes + PCIE_BYTES_PER_SECOND * utilization * seconds,
        )


def readings(sensors: Sensors, has_owner: bool) -> dict[Field, float]:
    """What each field shows for a healthy GPU in this state; memory is taken as long as a pod holds the GPU."""
    use = sensors.utilization
    used_mib = round(MEMORY_MIB * 0.88) if has_owner else 4
    clock = TOP_CLOCK - THROTTLE_CLOCKS * use if use > 0.02 else IDLE_CLOCK
    return {
        **dict.fromkeys(fields.FIELDS, 0.0),
        fields.INFOROM_CONFIG_VALID: 1,
        fields.SM_CLOCK: round(clock / 15) * 15,
        fields.MEM_CLOCK: MEMORY_CLOCK,
        fields.MEMORY_TEMP: round(sensors.celsius + 8 * use),
        fields.GPU_TEMP: round(sensors.celsius),
        fields.POWER_USAGE: round(sensors.watts, 3),
        fields.TOTAL_ENERGY: round(sensors.millijoules),
        fields.GPU_UTIL: round(100 * use),
        fields.MEM_COPY_UTIL: round(55 * use),
        fields.FB_FREE: MEMORY_MIB - used_mib,
        fields.FB_USED: used_mib,
        fields.NVLINK_BANDWIDTH: round(sensors.nvlink_megabytes),
        fields.GR_ENGINE_ACTIVE: round(use, 6),
        fields.SM_ACTIVE: round(0.9 * use, 6),
        fields.TENSOR_ACTIVE: round(0.45 * use, 6),
        fields.DRAM_ACTIVE: round(0.55 * use, 6),
        fields.PCIE_TX: round(sensors.pcie_sent_bytes),
        fields.PCIE_RX: round(sensors.pcie_received_bytes),
    }


class Gpu:
    """A GPU with its history, and the values injected over what it would show."""

    def __init__(self, index: int, uuid: str) -> None:
        self.index = index
        self.uuid = uuid
        self._noise = random.Random(uuid)  # noqa: S311 (sensors, not secrets)
        self._sensors = Sensors()
        self._has_owner = False
        self._injected: dict[Field, float] = {}

    def advance(self, seconds: float, has_owner: bool) -> None:
        """Live on for `seconds`, at work when a pod holds it."""
        self._has_owner = has_owner
        self._sensors = self._sensors.after(seconds, has_owner, self._noise.gauss(0, 1))

    def inject(self, field: Field, value: float) -> None:
        """Show `value` for `field` from now on, until another is injected."""
        self._injected[field] = value

    @property
    def injected(self) -> Mapping[Field, float]:
        return self._injected

    def readings(self) -> dict[Field, float]:
        """What each field shows now."""
        return {**readings(self._sensors, self._has_owner), **self._injected}
