"""The DCGM fields that the lab's GPUs have, under DCGM's own numbers and names.

Those that dcgm-exporter exports by default up to its 4.8 line (4.9 renamed them), those of its profiling preset that
make sense here, and what the GPU faults inject: InfoROM validity and double-bit errors.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """One field: DCGM's number and name, Prometheus type, whether its values are whole numbers, and its meaning."""

    number: int
    name: str
    kind: str
    is_whole: bool
    meaning: str


def _gauge(number: int, name: str, meaning: str, *, is_whole: bool = True) -> Field:
    return Field(number, name, "gauge", is_whole, meaning)


def _counter(number: int, name: str, meaning: str) -> Field:
    return Field(number, name, "counter", True, meaning)


def _ratio(number: int, name: str, meaning: str) -> Field:
    return Field(number, name, "gauge", False, meaning)


INFOROM_CONFIG_VALID = _gauge(
    84, "DCGM_FI_DEV_INFOROM_CONFIG_VALID", "1 when the InfoROM's checksum is right, 0 if not."
)
SM_CLOCK = _gauge(100, "DCGM_FI_DEV_SM_CLOCK", "Clock of the streaming multiprocessors in MHz.")
MEM_CLOCK = _gauge(101, "DCGM_FI_DEV_MEM_CLOCK", "Memory clock in MHz.")
MEMORY_TEMP = _gauge(140, "DCGM_FI_DEV_MEMORY_TEMP", "Memory temperature in C.")
GPU_TEMP = _gauge(150, "DCGM_FI_DEV_GPU_TEMP", "GPU temperature in C.")
POWER_USAGE = _gauge(155, "DCGM_FI_DEV_POWER_USAGE", "Power draw in W.", is_whole=False)
TOTAL_ENERGY = _counter(156, "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", "Energy since the start in mJ.")
PCIE_REPLAY = _counter(202, "DCGM_FI_DEV_PCIE_REPLAY_COUNTER", "PCIe retries.")
GPU_UTIL = _gauge(203, "DCGM_FI_DEV_GPU_UTIL", "GPU utilization in %.")
MEM_COPY_UTIL = _gauge(204, "DCGM_FI_DEV_MEM_COPY_UTIL", "Memory utilization in %.")
ENC_UTIL = _gauge(206, "DCGM_FI_DEV_ENC_UTIL", "Encoder utilization in %.")
DEC_UTIL = _gauge(207, "DCGM_FI_DEV_DEC_UTIL", "Decoder utilization in %.")
XID_ERRORS = _gauge(230, "DCGM_FI_DEV_XID_ERRORS", "The last XID error; 0 for none.")
FB_FREE = _gauge(251, "DCGM_FI_DEV_FB_FREE", "Free frame buffer memory in MiB.")
FB_USED = _gauge(252, "DCGM_FI_DEV_FB_USED", "Used frame buffer memory in MiB.")
ECC_SBE_TOTAL = _counter(310, "DCGM_FI_DEV_ECC_SBE_VOL_TOTAL", "Single-bit ECC errors since the driver's start.")
ECC_DBE_TOTAL = _counter(311, "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", "Double-bit ECC errors since the driver's start.")
ECC_DBE_MEMORY = _counter(319, "DCGM_FI_DEV_ECC_DBE_VOL_DEV", "Double-bit ECC errors in device memory.")
ROWS_UNCORRECTABLE = _counter(393, "DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS", "Rows remapped for uncorrectable errors.")
ROWS_CORRECTABLE = _counter(394, "DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS", "Rows remapped for correctable errors.")
ROW_REMAP_FAILURE = _gauge(395, "DCGM_FI_DEV_ROW_REMAP_FAILURE", "1 when remapping a row has failed.")
NVLINK_CRC_FLIT = _counter(409, "DCGM_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL", "NVLink flow-control CRC errors.")
NVLINK_BANDWIDTH = _counter(449, "DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL", "NVLink traffic of all lanes in MB.")
GR_ENGINE_ACTIVE = _ratio(1001, "DCGM_FI_PROF_GR_ENGINE_ACTIVE", "Share of time the graphics engine is active.")
SM_ACTIVE = _ratio(1002, "DCGM_FI_PROF_SM_ACTIVE", "Share of cycles a multiprocessor has a warp.")
TENSOR_ACTIVE = _ratio(1004, "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", "Share of cycles the tensor pipe is active.")
DRAM_ACTIVE = _ratio(1005, "DCGM_FI_PROF_DRAM_ACTIVE", "Share of cycles the memory interface is active.")
PCIE_TX = _counter(1009, "DCGM_FI_PROF_PCIE_TX_BYTES", "Bytes sent over PCIe.")
PCIE_RX = _counter(1010, "DCGM_FI_PROF_PCIE_RX_BYTES", "Bytes received over PCIe.")

FIELDS = tuple(value for value in list(globals().values()) if isinstance(value, Field))
BY_NUMBER = {field.number: field for field in FIELDS}
BY_NAME = {field.name: field for field in FIELDS}


class UnknownFieldError(ValueError):
    """No such field, or not such a value; the message says what there is."""


def find(text: str) -> Field:
    """The field of a number or name.

    Raises UnknownFieldError.
    """
    field = BY_NUMBER.get(int(text)) if text.isdecimal() else BY_NAME.get(text.upper())
    if field is None:
        known = ", ".join(f"{field.number} {field.name}" for field in FIELDS)
        raise UnknownFieldError(f"the lab's GPUs have no field {text}; they have {known}")
    return field


def parse_value(field: Field, text: str) -> float:
    """A value for a field.

    Raises UnknownFieldError when it is no number of the field's type.
    """
    try:
        return int(text) if field.is_whole else float(text)
    except ValueError:
        wanted = "a whole number" if field.is_whole else "a number"
        raise UnknownFieldError(f"{field.name} takes {wanted}, not {text!r}") from None
