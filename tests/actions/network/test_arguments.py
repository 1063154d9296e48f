"""What the arguments of network faults refuse, before anything is reached."""

from typing import Any

import pytest
from pydantic import ValidationError

from actions.fault import fault_named

PATH = {"toxiproxy_url": "http://127.0.0.1:8474", "proxies": ["llm"]}
PODS = {"namespace": "ml-serving", "label_selector": "app=llm"}


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("down", {**PATH, "toxiproxy_url": ""}, "set TOXIPROXY_URL"),
        ("down", {**PATH, "toxiproxy_url": "https://toxiproxy:8474"}, "plain HTTP"),
        ("down", {**PATH, "toxiproxy_url": "http://toxiproxy:8474/api"}, "plain HTTP"),
        ("down", {**PATH, "toxiproxy_url": "http://me:secret@toxiproxy:8474"}, "credentials"),
        ("down", {**PATH, "toxiproxy_url": "http://toxiproxy:x"}, "no usable port"),
        ("down", {**PATH, "proxies": []}, "at least 1 item"),
        ("down", {**PATH, "proxies": ["llm", "llm"]}, "named twice"),
        ("down", {**PATH, "proxies": ["l/lm"]}, "match pattern"),
        ("latency", PATH, "latency_ms"),
        ("latency", {**PATH, "latency_ms": 10, "jitter_ms": 11}, "before it was sent"),
        ("latency", {**PATH, "latency_ms": 10, "toxicity": 0}, "greater than 0"),
        ("latency", {**PATH, "latency_ms": 10, "direction": "sideways"}, "upstream"),
        ("latency", {**PATH, "latency": 10, "latency_ms": 10}, "Extra inputs"),
        ("bandwidth", {**PATH, "kilobytes_per_second": 0}, "greater than or equal to 1"),
        ("slicer", {**PATH, "average_bytes": 10, "variation_bytes": 10}, "Toxiproxy crashes"),
        ("partition", {**PODS, "direction": "out"}, "egress"),
        ("mesh_delay", {**PODS, "latency_ms": 10, "direction": "from"}, "need peers"),
        ("mesh_loss", {**PODS, "percent_lost": 101}, "less than or equal to 100"),
    ],
)
def test_arguments_that_cannot_be_meant_are_refused(name: str, arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says) as caught:
        fault_named(f"network.{name}").arguments.model_validate(arguments)
    if "credentials" in says:
        assert "me:secret" not in str(caught.value.errors(include_input=False))


@pytest.mark.parametrize(
    ("name", "arguments", "attributes"),
    [
        ("latency", {"latency_ms": 100, "jitter_ms": 20}, {"latency": 100, "jitter": 20}),
        ("bandwidth", {"kilobytes_per_second": 5}, {"rate": 5}),
        ("slow_close", {"delay_ms": 5}, {"delay": 5}),
        ("timeout", {}, {"timeout": 0}),
        ("reset_peer", {"after_ms": 5}, {"timeout": 5}),
        ("slicer", {"average_bytes": 5}, {"average_size": 5, "size_variation": 0, "delay": 0}),
        ("limit_data", {"bytes_passed": 5}, {"bytes": 5}),
    ],
)
def test_a_toxic_has_the_attributes_that_toxiproxy_knows(
    name: str, arguments: dict[str, Any], attributes: dict[str, int]
) -> None:
    parsed = fault_named(f"network.{name}").arguments.model_validate({**PATH, **arguments})
    assert parsed.attributes() == attributes
