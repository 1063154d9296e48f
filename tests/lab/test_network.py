from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.network import LabNetwork

OCTETS = st.integers(1, 254)


@given(OCTETS, OCTETS, st.integers(0, 99), st.integers(0, 99))
def test_no_two_things_of_any_labs_share_an_address_range(one: int, other: int, first: int, second: int) -> None:
    here, there = LabNetwork(one), LabNetwork(other)
    assert here.service_range.overlaps(there.service_range) == (one == other)
    assert here.pod_range(first).overlaps(there.pod_range(second)) == (one == other and first == second)
    assert not here.pod_range(first).overlaps(there.service_range)


@given(OCTETS, st.integers(0, 99))
def test_everything_of_a_lab_is_in_its_own_loopback_range(octet: int, index: int) -> None:
    network, own = LabNetwork(octet), IPv4Network(f"127.{octet}.0.0/16")
    assert IPv4Address(network.infra_ip) in own
    assert IPv4Address(network.node_ip(index)) in own
    assert network.pod_range(index).subnet_of(own)
    assert network.service_range.subnet_of(own)


@pytest.mark.parametrize("octet", [0, 255, -1, 1000])
def test_an_octet_outside_the_range_is_refused(octet: int) -> None:
    with pytest.raises(ValueError, match="1 to 254"):
        LabNetwork(octet)
