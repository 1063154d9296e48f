"""Addresses and GPUs handed out to pods."""

from ipaddress import IPv4Network
from typing import Any

import pytest

from lab.kubelet.allocation import AddressPool, DevicePool, ExhaustedError

CIDR = IPv4Network("127.77.16.0/29")  # six hosts, the first is the node's


def pod(*gpus: int) -> dict[str, Any]:
    limits = [{"name": f"c{i}", "resources": {"limits": {"nvidia.com/gpu": str(n)}}} for i, n in enumerate(gpus)]
    return {"spec": {"containers": [*limits, {"name": "none"}]}}


def test_a_released_address_comes_back_last() -> None:
    pool = AddressPool(CIDR)
    first = pool.take()
    pool.release(first)
    taken = [pool.take() for _ in range(5)]
    assert taken[-1] == first
    assert len(set(taken)) == 5


def test_addresses_of_an_earlier_kubelet_come_last() -> None:
    assert AddressPool(CIDR, used=["127.77.16.2"]).take() == "127.77.16.3"


def test_no_address_is_left() -> None:
    pool = AddressPool(CIDR)
    for _ in range(5):
        pool.take()
    with pytest.raises(ExhaustedError, match=r"127\.77\.16\.0/29"):
        pool.take()


def test_gpus_are_given_to_each_container_and_come_back() -> None:
    pool = DevicePool(4)
    taken = pool.take(pod(1, 2))
    assert taken == {"c0": (0,), "c1": (1, 2), "none": ()}
    pool.release(taken)
    assert pool.take(pod(4))["c0"] == (0, 1, 2, 3)


def test_all_gpus_or_none() -> None:
    pool = DevicePool(2)
    with pytest.raises(ExhaustedError, match="Requested: 3, Available: 2"):
        pool.take(pod(1, 2))
    assert pool.take(pod(2))["c0"] == (0, 1)


def test_no_gpu_is_given_without_a_device_plugin() -> None:
    pool = DevicePool(2)
    pool.enabled = False
    with pytest.raises(ExhaustedError, match="Available: 0"):
        pool.take(pod(1))
    assert pool.take(pod()) == {"none": ()}
