"""Services and EndpointSlices to who listens and who answers."""

from typing import Any

import pytest

from lab.proxy.endpoints import Address, ServicePort, backends, frontends


def service(**spec: Any) -> dict[str, Any]:
    ports = [{"name": "http", "port": 80}, {"name": "grpc", "port": 81}]
    return {"metadata": {"namespace": "ns", "name": "web"}, "spec": {"clusterIP": "127.77.8.2", "ports": ports, **spec}}


def endpoint_slice(*endpoints: dict[str, Any], name: str = "web", port: str | None = "http") -> dict[str, Any]:
    return {
        "metadata": {"namespace": "ns", "name": f"{name}-x", "labels": {"kubernetes.io/service-name": name}},
        "endpoints": list(endpoints),
        "ports": [{"name": port, "port": 8000}],
    }


def test_every_port_of_a_service_is_listened_on() -> None:
    assert frontends([service()]) == {
        Address("127.77.8.2", 80): ServicePort("ns", "web", "http"),
        Address("127.77.8.2", 81): ServicePort("ns", "web", "grpc"),
    }


@pytest.mark.parametrize(
    "spec",
    [
        {"clusterIP": "None"},
        {"clusterIP": ""},
        {"type": "ExternalName"},
        {"ports": [{"port": 53, "protocol": "UDP"}]},
        {"ports": None},
    ],
)
def test_services_without_an_address_or_tcp_are_left_out(spec: dict[str, Any]) -> None:
    assert frontends([service(**spec)]) == {}


def test_only_ready_endpoints_count_and_not_told_means_ready() -> None:
    slices = [
        endpoint_slice(
            {"addresses": ["127.77.16.2"], "conditions": {"ready": True}},
            {"addresses": ["127.77.16.3"], "conditions": {"ready": False}},
            {"addresses": ["127.77.16.4"], "conditions": {}},
            {"addresses": ["127.77.16.5"]},
        )
    ]
    addresses = {Address(f"127.77.16.{last}", 8000) for last in (2, 4, 5)}
    assert backends(slices) == {ServicePort("ns", "web", "http"): addresses}


def test_slices_of_one_service_are_added_up() -> None:
    slices = [endpoint_slice({"addresses": ["127.77.16.2"]}), endpoint_slice({"addresses": ["127.77.17.2"]})]
    assert len(backends(slices)[ServicePort("ns", "web", "http")]) == 2


def test_a_port_without_a_name_is_the_service_port_without_one() -> None:
    assert list(backends([endpoint_slice({"addresses": ["127.77.16.2"]}, port=None)])) == [ServicePort("ns", "web", "")]


def test_a_slice_of_no_service_is_left_out() -> None:
    assert backends([{**endpoint_slice(), "metadata": {"namespace": "ns", "name": "own"}}]) == {}
