"""What Chaos Mesh is asked for, on values."""

import pytest

from actions.fault import fault_named

PODS = {"namespace": "ml-serving", "label_selector": "app=llm", "latency_ms": 10}
PEERS = {"peers": {"app": "dns"}}


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ({}, ()),
        ({**PEERS, "direction": "to", "peer_namespace": "kube-system"}, ()),
        ({**PEERS, "direction": "from", "peer_namespace": "kube-system"}, ("kube-system",)),
        ({**PEERS, "direction": "both", "peer_namespace": "kube-system"}, ("kube-system",)),
        ({**PEERS, "direction": "both"}, ("ml-serving",)),
    ],
)
def test_the_namespace_of_peers_is_reached_where_their_pods_are_what_is_broken(
    wanted: dict[str, object], reached: tuple[str, ...]
) -> None:
    arguments = fault_named("network.mesh_delay").arguments.model_validate({**PODS, **wanted})
    assert arguments.reached() == reached
