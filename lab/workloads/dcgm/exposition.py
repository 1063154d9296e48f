"""The GPUs' readings as Prometheus text, with the labels that dcgm-exporter gives them."""

from collections.abc import Iterable
from dataclasses import dataclass

from lab.workloads.dcgm.fields import FIELDS, XID_ERRORS, Field
from lab.workloads.dcgm.gpu import Gpu
from lab.workloads.dcgm.owners import Owner

MODEL = "LAB-GPU 80GB"
UNKNOWN_XID = "Unknown Error"

XID_MEANINGS = {
    0: "No Error",
    8: "GPU stopped processing",
    13: "Graphics Engine Exception",
    31: "GPU memory page fault",
    32: "Invalid or corrupted push buffer stream",
    38: "Driver firmware error",
    43: "GPU stopped processing",
    45: "Preemptive cleanup, due to previous errors",
    46: "GPU stopped processing",
    48: "Double Bit ECC Error",
    54: "Auxiliary power is not connected to the GPU board",
    61: "Internal micro-controller breakpoint/warning",
    62: "Internal micro-controller halt",
    63: "ECC page retirement or row remapping recording event",
    64: "ECC page retirement or row remapper recording failure",
    68: "NVDEC0 Exception",
    69: "Graphics Engine class error",
    74: "NVLINK Error",
    79: "GPU has fallen off the bus",
    92: "High single-bit ECC error rate",
    94: "Contained ECC error",
    95: "Uncontained ECC error",
    109: "Context Switch Timeout Error",
    110: "Security Fault Error",
    119: "GSP RPC Timeout",
    120: "GSP Error",
    136: "ALI Training Fail",
    140: "Unrecovered ECC Error",
    143: "GPU Initialization Failure",
    154: "GPU Recovery Action Changed",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """One GPU at one moment."""

    gpu: Gpu
    owner: Owner | None


def render(samples: Iterable[Sample], hostname: str) -> str:
    """All fields of all GPUs."""
    taken = [(_labels(sample, hostname), sample.gpu.readings()) for sample in samples]
    lines = []
    for field in FIELDS:
        lines += [f"# HELP {field.name} {field.meaning}", f"# TYPE {field.name} {field.kind}"]
        lines += [_line(field, labels, readings[field]) for labels, readings in taken]
    return "\n".join(lines) + "\n"


def pci_bus_id(index: int) -> str:
    """Where a GPU would sit on the PCI bus."""
    return f"00000000:{0x1B + 0x10 * index:02X}:00.0"


def _labels(sample: Sample, hostname: str) -> dict[str, str]:
    index = sample.gpu.index
    labels = {
        "gpu": str(index),
        "UUID": sample.gpu.uuid,
        "pci_bus_id": pci_bus_id(index),
        "device": f"nvidia{index}",
        "modelName": MODEL,
        "Hostname": hostname,
    }
    if sample.owner:
        labels |= {
            "container": sample.owner.container,
            "namespace": sample.owner.namespace,
            "pod": sample.owner.pod,
        }
    return labels


def _line(field: Field, labels: dict[str, str], value: float) -> str:
    if field is XID_ERRORS:
        code = int(value)
        labels = {**labels, "err_code": str(code), "err_msg": XID_MEANINGS.get(code, UNKNOWN_XID)}
    pairs = ",".join(f'{name}="{text}"' for name, text in labels.items())
    return f"{field.name}{{{pairs}}} {value:.15g}"
