"""Which pods read a certificate, and which of them see it change."""

from typing import Any

import pytest

from actions.certificates.consumers import consumers
from clients.kube import Document


def pod(container: dict[str, Any], *volumes: dict[str, Any], phase: str = "Running") -> Document:
    return {
        "metadata": {"name": "p"},
        "spec": {"containers": [container], "volumes": list(volumes)},
        "status": {"phase": phase},
    }


def mounted(source: dict[str, Any], **mount: str) -> Document:
    return pod({"volumeMounts": [{"name": "tls", "mountPath": "/etc/tls", **mount}]}, {"name": "tls", **source})


@pytest.mark.parametrize(
    ("reading", "expected"),
    [
        (mounted({"secret": {"secretName": "gateway-tls"}}), [True]),
        (mounted({"secret": {"secretName": "gateway-tls", "items": [{"key": "tls.crt", "path": "c"}]}}), [True]),
        (mounted({"secret": {"secretName": "gateway-tls", "items": [{"key": "ca.crt", "path": "c"}]}}), []),
        (mounted({"projected": {"sources": [{"configMap": {}}, {"secret": {"name": "gateway-tls"}}]}}), [True]),
        (mounted({"secret": {"secretName": "gateway-tls"}}, subPath="tls.crt"), [False]),
        (mounted({"secret": {"secretName": "other"}}), []),
        (pod({}, {"name": "unused", "secret": {"secretName": "gateway-tls"}}), []),
        (pod({"envFrom": [{"secretRef": {"name": "gateway-tls"}}]}), [False]),
        (pod({"env": [{"valueFrom": {"secretKeyRef": {"name": "gateway-tls", "key": "tls.crt"}}}]}), [False]),
        (pod({"env": [{"valueFrom": {"secretKeyRef": {"name": "gateway-tls", "key": "token"}}}, {"value": "x"}]}), []),
        (pod({"envFrom": [{"secretRef": {"name": "gateway-tls"}}]}, phase="Succeeded"), []),
    ],
)
def test_a_pod_reads_the_entry_and_follows_its_changes_or_not(reading: Document, expected: list[bool]) -> None:
    assert [one.follows for one in consumers([reading], "gateway-tls", "tls.crt")] == expected
