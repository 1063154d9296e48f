"""dcgmi's command lines and answers, and who repairs what it says."""

from typing import Any

import pytest

from actions.gpus.dcgm import Place, shown
from actions.gpus.repair import repairs
from actions.nodes.node import read_node
from tests.actions.nodes.documents import node

OUTPUT = """#Entity   XIDER
ID
GPU 0     N/A
GPU 10    31
GPU 0     79
"""


def test_the_commands_are_those_of_dcgmi() -> None:
    place = Place(3, 230)
    assert " ".join(place.inject(79)) == "dcgmi test --inject --gpuid 3 -f 230 -v 79"
    assert " ".join(place.read(1)) == "dcgmi dmon -e 230 -i 3 -d 100 -c 1"
    assert " ".join(Place(0, 84, "dcgm:5555").inject(0)).startswith("dcgmi test --host dcgm:5555 --inject")


@pytest.mark.parametrize(("gpu", "value"), [(0, 79), (10, 31)])
def test_the_last_row_of_the_gpu_counts(gpu: int, value: int) -> None:
    assert shown(OUTPUT, gpu) == value


@pytest.mark.parametrize(("word", "value"), [("N/A", None), ("79.000", 79), ("-", None), ("inf", None), ("0", 0)])
def test_no_value_is_none_and_not_0(word: str, value: int | None) -> None:
    assert shown(f"GPU 0     {word}", 0) == value


@pytest.mark.parametrize("output", ["", "GPU 0", "Error: unable to connect to host engine", "GPU 1     0"])
def test_output_without_the_gpu_is_an_error(output: str) -> None:
    with pytest.raises(ValueError, match="no row of GPU 0 in"):
        shown(output, 0)


EKS = {"eks.amazonaws.com/nodegroup": "gpus"}


@pytest.mark.parametrize(
    ("given", "field", "value", "said"),
    [
        ({"conditions": ["AcceleratedHardwareReady"]}, 230, 79, "the EKS node monitoring agent runs there"),
        ({"labels": EKS}, 230, 79, "where the EKS node monitoring agent runs"),
        ({"labels": EKS}, 395, 1, "REPLACE it 10 minutes after"),
        ({"conditions": ["GpuMemWatch"]}, 230, 13, "NVSentinel watches node gpu-a"),
    ],
)
def test_who_repairs_by_itself_is_told(given: dict[str, Any], field: int, value: int, said: str) -> None:
    (risk,) = repairs(read_node(node(**given)), field, value)
    assert said in risk


@pytest.mark.parametrize("given", [{}, {"labels": EKS}, {"conditions": ["AcceleratedHardwareReady"]}])
def test_an_xid_that_nobody_acts_on_costs_no_node(given: dict[str, Any]) -> None:
    assert repairs(read_node(node(**given)), 230, 13) == ()
