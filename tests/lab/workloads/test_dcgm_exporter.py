"""What the exporter shows, and what `dcgmi` can do to it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import structlog
from prometheus_client.parser import text_string_to_metric_families

from lab.network import LabNetwork
from lab.processes import die_with_parent
from lab.workloads.dcgm.dcgmi import engine_address, gpu_table, parser
from lab.workloads.dcgm.exposition import Sample, render
from lab.workloads.dcgm.fields import FIELDS, XID_ERRORS
from lab.workloads.dcgm.gpu import Gpu
from lab.workloads.dcgm.hostengine import HostEngine
from lab.workloads.dcgm.owners import Owner

LOG: structlog.stdlib.BoundLogger = structlog.get_logger()
DEFAULT_COUNTERS = {
    "DCGM_FI_DEV_SM_CLOCK", "DCGM_FI_DEV_MEM_CLOCK", "DCGM_FI_DEV_MEMORY_TEMP", "DCGM_FI_DEV_GPU_TEMP",
    "DCGM_FI_DEV_POWER_USAGE", "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", "DCGM_FI_DEV_PCIE_REPLAY_COUNTER",
    "DCGM_FI_DEV_GPU_UTIL", "DCGM_FI_DEV_MEM_COPY_UTIL", "DCGM_FI_DEV_XID_ERRORS", "DCGM_FI_DEV_FB_FREE",
    "DCGM_FI_DEV_FB_USED", "DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL", "DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS",
    "DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS", "DCGM_FI_DEV_ROW_REMAP_FAILURE", "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL",
    "DCGM_FI_PROF_GR_ENGINE_ACTIVE",
}  # fmt: skip


def samples_of(text: str, name: str) -> list[dict[str, Any]]:
    return [
        {**sample.labels, "value": sample.value}
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name in (name, f"{name}_total")  # the parser gives every counter its suffix
    ]


def test_every_gpu_shows_every_field_under_dcgm_exporter_s_names() -> None:
    text = render([Sample(Gpu(index, f"GPU-{index}"), None) for index in range(4)], "gpu-a")
    assert {field.name for field in FIELDS} >= DEFAULT_COUNTERS
    for field in FIELDS:
        assert [row["gpu"] for row in samples_of(text, field.name)] == ["0", "1", "2", "3"]


def test_labels_are_those_of_dcgm_exporter() -> None:
    owner = Owner("ml-training", "trainer-0", "trainer")
    text = render([Sample(Gpu(0, "GPU-0"), owner), Sample(Gpu(1, "GPU-1"), None)], "gpu-a")
    used, unused = samples_of(text, "DCGM_FI_DEV_GPU_UTIL")
    assert (used["UUID"], used["device"], used["Hostname"]) == ("GPU-0", "nvidia0", "gpu-a")
    assert (used["namespace"], used["pod"], used["container"]) == ("ml-training", "trainer-0", "trainer")
    assert "pod" not in unused


def test_an_xid_carries_its_code_and_meaning() -> None:
    gpu = Gpu(0, "GPU-0")
    for code, meaning in ((0, "No Error"), (79, "GPU has fallen off the bus"), (999, "Unknown Error")):
        gpu.inject(XID_ERRORS, code)
        (row,) = samples_of(render([Sample(gpu, None)], "gpu-a"), "DCGM_FI_DEV_XID_ERRORS")
        assert (row["value"], row["err_code"], row["err_msg"]) == (code, str(code), meaning)


def answer(request: object) -> dict[str, Any]:
    engine = HostEngine([Gpu(0, "GPU-0"), Gpu(1, "GPU-1")], LOG)
    return engine.answer(json.dumps(request).encode())


def test_the_host_engine_injects_and_reads() -> None:
    gpu = Gpu(0, "GPU-0")
    engine = HostEngine([gpu], LOG)
    request = {"do": "inject", "gpu": 0, "field": "395", "value": "1"}
    assert engine.answer(json.dumps(request).encode()) == {"ok": True}
    read = {"do": "read", "gpu": 0, "field": "395"}
    assert engine.answer(json.dumps(read).encode()) == {
        "ok": True, "name": "DCGM_FI_DEV_ROW_REMAP_FAILURE", "value": 1, "injected": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"do": "inject", "gpu": 7, "field": "230", "value": "1"}, "no GPU 7"),
        ({"do": "inject", "gpu": 0, "field": "9999", "value": "1"}, "no field 9999"),
        ({"do": "inject", "gpu": 0, "field": "230", "value": "many"}, "a whole number"),
        ({"do": "inject", "gpu": 0}, "not a request"),
        ({"do": "dance", "gpu": 0, "field": "230"}, "not a request"),
        ([1], "not a request"),
        ("text", "not a request"),
    ],
)
def test_the_host_engine_says_what_is_wrong(request_: object, message: str) -> None:
    assert message in answer(request_)["error"]


def test_the_host_engine_survives_a_client_that_says_nothing_sensible() -> None:
    async def main() -> None:
        engine = HostEngine([Gpu(0, "GPU-0")], LOG)
        assert "error" in engine.answer(b"\xff\n")
        assert "error" in engine.answer(b"")

    asyncio.run(main())


def test_the_command_line_is_dcgmi_s() -> None:
    arguments = parser().parse_args(["test", "--inject", "--gpuid", "0", "-f", "230", "-v", "95"])
    assert (arguments.inject, arguments.gpuid, arguments.field, arguments.value) == (True, 0, "230", "95")
    assert parser().parse_args(["discovery", "-l"]).command == "discovery"
    assert engine_address("nvidia-dcgm.gpu-operator.svc:5556", {}) == ("nvidia-dcgm.gpu-operator.svc", 5556)
    assert engine_address(None, {"POD_IP": "127.9.18.2"}) == ("127.9.18.2", 5555)
    assert gpu_table([{"gpu": 0, "name": "G", "pci": "p", "uuid": "u"}]).startswith("1 GPUs found.")


@pytest.mark.lab
def test_dcgmi_changes_what_the_running_exporter_shows(lab_octet: int, tmp_path: Path) -> None:
    pod_ip = str(LabNetwork(lab_octet).pod_range(2)[7])
    environment = {name: value for name, value in os.environ.items() if name != "KUBECONFIG"}
    environment |= {"POD_IP": pod_ip, "NODE_NAME": "gpu-a", "MOUNT_USR_LOCAL_BIN": str(tmp_path)}
    process = subprocess.Popen(
        die_with_parent([sys.executable, "-m", "lab.workloads.dcgm"]), env=environment, stderr=subprocess.DEVNULL
    )
    try:
        metrics = wait_for_metrics(pod_ip)
        assert {row["value"] for row in samples_of(metrics, "DCGM_FI_DEV_XID_ERRORS")} == {0}
        command = [str(tmp_path / "dcgmi"), "test", "--inject", "--gpuid", "0", "-f", "230", "-v", "95"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, "Successfully injected field info.\n")
        shown = samples_of(wait_for_metrics(pod_ip), "DCGM_FI_DEV_XID_ERRORS")
        assert [row["value"] for row in shown] == [95, 0, 0, 0]
        look = [command[0], "dmon", "-e", "230", "-i", "0", "-d", "1", "-c", "2"]
        rows = subprocess.run(look, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()
        assert [row.split() for row in rows] == [["#Entity", "XID_ERRORS"], ["ID"], *[["GPU", "0", "95"]] * 2]
        command[command.index("0")] = "9"
        refused = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert refused.returncode == 1
        assert "no GPU 9" in refused.stderr
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()


def wait_for_metrics(pod_ip: str) -> str:
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(f"http://{pod_ip}:9400/metrics", timeout=20) as answered:
                return str(answered.read().decode())
        except OSError:
            assert time.monotonic() < deadline, "the exporter does not answer"
            time.sleep(0.05)
